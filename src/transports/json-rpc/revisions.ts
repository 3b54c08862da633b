import { hasEnvelope, v2Revisions } from '../../protocol/envelope.ts';
import type { Incoming } from './messages.ts';

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

/** Whether a message has the envelope of the second protocol generation. */
export function isV2(incoming: Incoming): boolean {
  if (incoming.kind === 'refused') return incoming.isV2 === true;
  return 'message' in incoming && 'params' in incoming.message && hasEnvelope(incoming.message.params);
}

/** The error message for a batch that holds a message of the second protocol generation. */
export const batchHoldsV2 = `Protocol revision ${v2Revisions.join(', ')} has no batches: no message was handled; send each message separately.`;
