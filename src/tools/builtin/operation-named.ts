import { CallError } from '../../errors.ts';
import { findRespelled } from '../../lib/respelled-name.ts';
import { catalogue, findOperation } from '../catalogue.ts';
import type { Operation } from '../define-operation.ts';
import type { ToolDefinition } from '../define-tool.ts';

/** The operation that the `tool` argument of a built-in tool names. @throws CallError `invalid_arguments` */
export function operationNamed(name: unknown, { id }: ToolDefinition): Operation {
  const operation = findOperation(String(name));
  if (operation) return operation;
  const meant = findRespelled(
    String(name),
    catalogue.map((one) => one.id),
  );
  throw new CallError('invalid_arguments', `${id} takes the name of an operation.`, {
    arguments: [
      { argument: 'tool', problem: `is not the name of an operation${meant ? `; use ${meant}` : ''}` },
    ],
  });
}
