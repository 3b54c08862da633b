/** What a server of the second generation offers. Skills are an extension (SEP-2640). */
export const capabilities = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: {},
  completions: {},
  extensions: { 'io.modelcontextprotocol/skills': {} },
};
