import { CallError } from '../../errors.ts';
import type { Arguments } from '../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { leadToSecret, namesAlong } from '../../lib/secret-names.ts';
import { readReference } from '../../secrets/reference.ts';
import { isPrefix, type SecretField, secretFieldsOf, touchesSecret } from '../../secrets/secret-fields.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { findSecretPlaces } from './find.ts';

/**
 * Refuses patch steps that copy or move a secret to a field that responses show, and test steps that guess a secret. A test
 * with a reference is allowed, since the caller does not know its value.
 *
 * @throws CallError `invalid_arguments`
 */
export function assertPatchKeepsSecrets(operation: Operation, args: Arguments): void {
  if (operation.method !== 'PATCH' || !Array.isArray(args.patch)) return;
  const fields = secretFieldsOf(operation);
  const steps = args.patch.map((step) => (isJsonObject(step) ? step : {}));
  const moved = steps.flatMap((step, index) =>
    takesSecret(step, fields)
      ? [
          {
            argument: `patch.${index}.from`,
            problem: 'is or holds a secret, which can be set but not copied or moved',
          },
        ]
      : [],
  );
  const tested = findSecretPlaces(operation, args).flatMap(({ path: [argument, index, ...rest], text }) => {
    const isTest = argument === 'patch' && steps[Number(index)]?.op === 'test';
    const problem = 'is a secret, which can only be tested by a reference';
    return isTest && !readReference(text) ? [{ argument: ['patch', index, ...rest].join('.'), problem }] : [];
  });
  if (moved.length + tested.length === 0) return;
  const message =
    moved.length > 0
      ? 'The patch would move or copy a secret out of its field.'
      : 'The patch would test a guess of a secret.';
  throw new CallError('invalid_arguments', message, { arguments: [...moved, ...tested] });
}

function takesSecret({ op, from, path }: JsonObject, fields: readonly SecretField[]): boolean {
  if (typeof from !== 'string' || (op !== 'copy' && op !== 'move')) return false;
  const [source, target] = [namesAlong(from), namesAlong(String(path))];
  if (leadToSecret(source)) return true;
  // Any field of an open object may be a secret, and outside the object responses would not mask it.
  const isOpen = (names: readonly string[]) => fields.some((one) => one.isOpen && isPrefix(one.names, names));
  if (isOpen(source) && !isOpen(target)) return true;
  const taken = fields.filter((field) => touchesSecret(field, source));
  return !taken.every((field) => staysSecret(field, source, target, fields));
}

/** Whether a moved secret field is also a secret field at its new place, so that responses mask it there. */
function staysSecret(
  { names, isOpen }: SecretField,
  source: readonly string[],
  target: readonly string[],
  fields: readonly SecretField[],
): boolean {
  if (!isPrefix(source, names)) return fields.some((one) => one.isOpen && isPrefix(one.names, target));
  const place = [...target, ...names.slice(source.length)];
  return fields.some((one) =>
    isOpen ? one.isOpen && isPrefix(one.names, place) : one.names.join('.') === place.join('.'),
  );
}
