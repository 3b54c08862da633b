import type { Pins } from '../../access/pins.ts';
import type { Arguments } from '../../lib/json.ts';
import { isJsonObject } from '../../lib/json.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { outsidePin } from './lookup.ts';

/** Fields that identify an object and its owner: a patch of them could move it outside the pins. */
const identityFields = ['id', 'organization_id', 'account_id', 'refresh_token_id'];
const ownerFields = [
  'owner_type',
  'owner_id',
  'integration_id',
  'integration_point_id',
  'organization_webhook_id',
];

/** Refuses a JSON Patch that could move its object out of the pins. @throws CallError `outside_pin` */
export function assertPatchStaysInside(operation: Operation, args: Arguments, pins: Pins): void {
  if (operation.method !== 'PATCH' || !Array.isArray(args.patch)) return;
  const { pinRule } = operation;
  const fixed = new Set([
    ...identityFields,
    ...(pinRule.kind === 'owner' ? ownerFields : []),
    ...('fixes' in pinRule && pinRule.fixes && pins.environment !== undefined ? [pinRule.fixes] : []),
  ]);
  for (const step of args.patch.filter(isJsonObject)) {
    if (step.op === 'test') continue;
    for (const pointer of [step.path, step.from]) {
      if (typeof pointer !== 'string' || !touches(pointer, fixed)) continue;
      throw outsidePin('A patch cannot replace the whole object or change its owner or environment.');
    }
  }
}

/**
 * Whether a JSON Pointer (RFC 6901) is the root, invalid, or at one of the fields. Letter case and look-alikes are
 * ignored: a server with a lenient JSON parser would read `/Environment` as `/environment`.
 */
function touches(pointer: string, fields: ReadonlySet<string>): boolean {
  if (!pointer.startsWith('/')) return true;
  const [segment = ''] = pointer.slice(1).split('/');
  const name = segment.replaceAll('~1', '/').replaceAll('~0', '~').normalize('NFKC').toLowerCase().trim();
  return fields.has(name);
}
