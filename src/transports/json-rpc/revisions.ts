/** JSON-RPC batches were added in this MCP revision and removed in the next one (see their changelogs). */
const withBatches = '2025-03-26';

/**
 * The error message for a batch in a revision without batches; undefined if batches are allowed.
 *
 * @param revision MCP revision of the client
 */
export function batchNotSupported(revision: string): string | undefined {
  if (revision === withBatches) return undefined;
  return (
    `Only MCP revision ${withBatches} has JSON-RPC batches (arrays of messages), and this client uses ` +
    `${revision}: no message was handled; send each message separately.`
  );
}
