/** JSON-RPC batches came into MCP with this revision, and were taken out by the next one (their lists of changes). */
const withBatches = '2025-03-26';

/**
 * Why messages cannot be sent as an array; undefined where they can.
 *
 * @param revision of MCP that the client speaks
 */
export function whyNoBatch(revision: string): string | undefined {
  if (revision === withBatches) return undefined;
  return (
    `Arrays of messages (JSON-RPC batches) belong to MCP revision ${withBatches} alone, and this client speaks ` +
    `${revision}: nothing in the array was done; send each message by itself.`
  );
}
