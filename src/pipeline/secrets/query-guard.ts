import { CallError } from '../../errors.ts';
import type { Arguments } from '../../lib/json.ts';
import { leadToSecret, namesAlong } from '../../lib/secret-names.ts';
import { type SecretField, secretFieldsOf, touchesSecret } from '../../secrets/secret-fields.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { fieldsQueried } from '../arguments/list-syntax.ts';

/**
 * Refuses filters and orders by fields that can hold a secret. The rows returned, and their order, would reveal it letter by
 * letter, even if the field itself is masked.
 *
 * @throws CallError `invalid_arguments`
 */
export function assertNoSecretQueried(operation: Operation, args: Arguments): void {
  const arguments_ = (['filter', 'order'] as const).flatMap((name) => {
    const items = name in operation.query && Array.isArray(args[name]) ? args[name].map(String) : [];
    return items.flatMap((text, index) => {
      const isRefused = fieldsQueried(text).some((field) => canHoldSecret(field, secretFieldsOf(operation)));
      const problem = 'uses a field that can hold a secret';
      return isRefused ? [{ argument: `${name}.${index}`, problem }] : [];
    });
  });
  if (arguments_.length === 0) return;
  throw new CallError(
    'invalid_arguments',
    'Rows cannot be filtered or ordered by fields that can hold a secret: that would reveal it.',
    {
      arguments: arguments_,
      remediation: 'Filter or order by another field. Nothing was sent.',
    },
  );
}

/** Whether a field is, contains or is part of a field that can hold a secret, under any prefix. */
function canHoldSecret(field: string, secretFields: readonly SecretField[]): boolean {
  const names = namesAlong(field);
  if (leadToSecret(names)) return true;
  // Field names have no wildcards. A server that supports them would match every field.
  if (secretFields.length > 0 && names.some((name) => /[*?%]/.test(name))) return true;
  const endings = names.map((_, at) => names.slice(at));
  return secretFields.some(({ names: path, isOpen }) =>
    path.some((_, at) => endings.some((some) => touchesSecret({ names: path.slice(at), isOpen }, some))),
  );
}
