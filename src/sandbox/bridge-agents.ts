/*
 * The running agents of a bridge group. The sandbox runs none; it assumes that a bridge older than a day is
 * installed, with one or two agents.
 */
import { createHash } from 'node:crypto';
import type { SandboxState, Stored } from './model.ts';

const day = 24 * 60 * 60_000;

/** The state of each running agent (schema BridgeStatus); none for a new bridge. */
export function agentsOf(state: SandboxState, bridge: Stored): Record<string, unknown>[] {
  const age = state.now() - Date.parse(bridge.created_at);
  if (age < day) return [];
  const digest = createHash('sha256').update(bridge.id).digest();
  const count = 1 + ((digest[0] ?? 0) % 2);
  return Array.from({ length: count }, (_, index) => describeAgent(state, digest, index, age));
}

// Counters grow with the age of the bridge, at a rate that differs for each bridge.
function describeAgent(
  state: SandboxState,
  digest: Buffer,
  index: number,
  age: number,
): Record<string, unknown> {
  const pace = 20 + digest.readUInt8(1 + index);
  const requests = Math.floor(age / 60_000 / 10) * pace;
  const failures = Math.floor(requests / (200 + digest.readUInt8(3 + index)));
  return {
    current_time: state.timestamp(),
    response_duration: `${(8 + digest.readUInt8(5 + index) / 10).toFixed(1)}ms`,
    local_config: { version: '1.14.2', allow_addresses: ['10.0.0.0/8:443', '*.internal:443'] },
    local_stats: {
      requests,
      failures,
      in_bytes: requests * (1_800 + digest.readUInt8(7 + index)),
      out_bytes: requests * (600 + digest.readUInt8(9 + index)),
    },
  };
}
