import { CallError } from '../../errors.ts';
import type { Arguments } from '../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { leadToSecret, namesAlong } from '../../lib/secret-names.ts';
import { readReference } from '../../secrets/reference.ts';
import { begins, type SecretField, secretFieldsOf, touchesSecret } from '../../secrets/secret-fields.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { findSecretPlaces } from './find.ts';

/**
 * Refuses patch steps that take a secret to where an answer would show it, or what holds one, and those that try out
 * what a secret is. A test with a reference tells nothing that its caller could have made up.
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
    const problem = 'is a secret, which cannot be tried out; a reference to it can be tested';
    return isTest && !readReference(text) ? [{ argument: ['patch', index, ...rest].join('.'), problem }] : [];
  });
  if (moved.length + tested.length === 0) return;
  const message =
    moved.length > 0
      ? 'The patch would take a secret out of its field.'
      : 'The patch would tell whether a secret is what it was guessed to be.';
  throw new CallError('invalid_arguments', message, { arguments: [...moved, ...tested] });
}

function takesSecret({ op, from, path }: JsonObject, fields: readonly SecretField[]): boolean {
  if (typeof from !== 'string' || (op !== 'copy' && op !== 'move')) return false;
  const [source, target] = [namesAlong(from), namesAlong(String(path))];
  if (leadToSecret(source)) return true;
  // What is in an object that the API leaves open may be a secret under any name; out of it nothing withholds it.
  const isOpen = (names: readonly string[]) => fields.some((one) => one.isOpen && begins(one.names, names));
  if (isOpen(source) && !isOpen(target)) return true;
  const taken = fields.filter((field) => touchesSecret(field, source));
  return !taken.every((field) => staysSecret(field, source, target, fields));
}

/** Whether a secret field that goes along is one at its new place, too, so that answers withhold it there. */
function staysSecret(
  { names, isOpen }: SecretField,
  source: readonly string[],
  target: readonly string[],
  fields: readonly SecretField[],
): boolean {
  if (!begins(source, names)) return fields.some((one) => one.isOpen && begins(one.names, target));
  const place = [...target, ...names.slice(source.length)];
  return fields.some((one) =>
    isOpen ? one.isOpen && begins(one.names, place) : one.names.join('.') === place.join('.'),
  );
}
