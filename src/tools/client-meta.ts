/** The `_meta` of a tool, in which a client may read what the protocol has no field for. */
export type ToolMeta = Readonly<Record<string, unknown>>;

/** Claude Code asks the person at every call, in every permission mode, and refuses the tool where nobody can answer. */
const asksPerson: ToolMeta = { 'anthropic/requiresUserInteraction': true };

/** Claude Code loads the tool at the start, where it finds most tools by a search of its own. */
const isLoadedAtStart: ToolMeta = { 'anthropic/alwaysLoad': true };

/**
 * Tools with `_meta`. Loaded at the start are those that find what others need: operations, accounts, and what is left
 * out and why. Others cost every chat more than a search costs some.
 */
export const toolMeta: Readonly<Record<string, ToolMeta>> = {
  confirm_call: asksPerson,
  whoami: isLoadedAtStart,
  find_operations: isLoadedAtStart,
  accounts_list: isLoadedAtStart,
};
