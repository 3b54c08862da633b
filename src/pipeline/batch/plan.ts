import { isEffectAllowed } from '../../access/policy.ts';
import { isInToolsetFilter, isVisible } from '../../access/visibility.ts';
import { type ArgumentProblem, CallError } from '../../errors.ts';
import { type Arguments, isJsonObject, type JsonObject } from '../../lib/json.ts';
import { findRespelled } from '../../lib/respelled-name.ts';
import type { RequestContext } from '../../request-context.ts';
import { catalogue, findOperation } from '../../tools/catalogue.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { isWorkflow } from '../../tools/effect-of.ts';
import { startCall } from '../call-state.ts';
import { finish } from '../outcome.ts';
import { assertFileName } from '../output/save-rows.ts';
import { type AnswerPath, itemStepOf, mapPaths, pathProblem, sourceOf } from './paths.ts';

/** A call of a batch, before it is made. */
export interface PlannedCall {
  /** Its position in the batch. */
  readonly index: number;
  /** The operation, or why the call cannot be made. */
  readonly operation: Operation | CallError;
  /** The arguments, with paths. */
  readonly args: JsonObject;
  /** The fields to show. */
  readonly fields: readonly string[] | undefined;
  /** The earlier calls whose answers it needs. */
  readonly needs: readonly number[];
  /** The path to the list whose items it is made for. */
  readonly each: AnswerPath | undefined;
}

/**
 * Checks the calls of a batch before any of them is made.
 *
 * @param args the checked arguments of the batch
 * @throws CallError `invalid_arguments` for a wrong path; `wrong_tool`, `read_only` or `not_selected` for a write
 */
export async function planBatch(
  { calls, save_as }: Arguments,
  context: RequestContext,
): Promise<readonly PlannedCall[]> {
  const given = (calls as readonly JsonObject[]).map((one) => ({
    fields: one.fields,
    id: String(one.operation),
    args: isJsonObject(one.arguments) ? one.arguments : {},
  }));
  await refuseWrites(given, context);
  const problems: ArgumentProblem[] = given.flatMap(({ args }, index) =>
    args.save_as === undefined
      ? []
      : [
          {
            argument: `calls.${index}.arguments.save_as`,
            problem: 'applies to all calls: give it beside calls, not in one of them',
          },
        ],
  );
  if (save_as !== undefined) {
    assertFileName(save_as, context);
    if (/\.csv$/i.test(String(save_as)) && new Set(given.map(({ id }) => id)).size > 1)
      problems.push({
        argument: 'save_as',
        problem: 'must end in .json, since the calls are of several operations',
      });
  }
  const planned = given.map(({ id, args, fields }, index): PlannedCall => {
    const paths: AnswerPath[] = [];
    mapPaths(args, (path, at) => {
      const problem = pathProblem(path) ?? orderProblem(path.call, index, given.length);
      if (problem !== undefined) problems.push({ argument: `calls.${index}.arguments.${at}`, problem });
      paths.push(path);
    });
    const lists = paths.filter((path) => itemStepOf(path) >= 0);
    if (new Set(lists.map(sourceOf)).size > 1)
      problems.push({
        argument: `calls.${index}`,
        problem: 'takes values of two lists: use only one list in a call',
      });
    return {
      index,
      operation: readNamed(id, context),
      args,
      fields: fields as string[] | undefined,
      needs: [...new Set(paths.map(({ call }) => call))],
      each: lists[0],
    };
  });
  if (problems.length === 0) return planned;
  throw new CallError('invalid_arguments', 'The batch has an invalid argument.', { arguments: problems });
}

/** A path may only name an earlier call, so that no two calls can wait for each other. */
function orderProblem(call: number, index: number, count: number): string | undefined {
  if (call >= count) return `names call ${call}, but the last call is ${count - 1}`;
  if (call === index) return 'names its own call; only earlier calls have answers';
  return call > index ? `names call ${call}, which comes later; put that call first` : undefined;
}

function readNamed(id: string, { pins }: RequestContext): Operation | CallError {
  const operation = isVisible(id, pins) ? findOperation(id) : undefined;
  if (operation) return operation;
  if (isWorkflow(id))
    return new CallError(
      'wrong_tool',
      `${id} is a workflow, which cannot be part of a batch: call it by itself.`,
    );
  const names = catalogue.map((one) => one.id).filter((name) => isVisible(name, pins));
  const meant = findRespelled(id, names);
  return meant === undefined
    ? new CallError('unknown_operation', 'Unknown operation.')
    : new CallError('unknown_operation', `Unknown operation. Use ${meant}.`, { closest: [meant] });
}

/**
 * Refuses a batch with a write: clients approve a batch as a read. Each write is recorded in the audit log.
 *
 * @throws CallError `wrong_tool`, `read_only` or `not_selected`
 */
async function refuseWrites(
  given: readonly { readonly id: string; readonly args: Arguments }[],
  context: RequestContext,
): Promise<void> {
  const refusals: CallError[] = [];
  for (const [index, { id, args }] of given.entries()) {
    const operation = findOperation(id);
    if (!operation || operation.effect === 'read') continue;
    const isHidden = !isVisible(id, context.pins);
    const cause = isHidden
      ? new CallError('outside_pin', `${id} affects more than this server is pinned to.`)
      : refusalOf(operation, index, context);
    await finish(startCall(operation, args, context), { cause });
    // A hidden operation is unknown to the caller.
    if (!isHidden) refusals.push(cause);
  }
  if (refusals[0]) throw refusals[0];
}

function refusalOf({ id, effect }: Operation, index: number, { policy }: RequestContext): CallError {
  if (!isInToolsetFilter(id, policy))
    return new CallError('not_selected', `${id} (call ${index}) is not available on this server.`);
  if (!isEffectAllowed(policy, effect))
    return new CallError('read_only', `${id} (call ${index}) writes, and only reads are allowed here.`);
  return new CallError(
    'wrong_tool',
    `${id} (call ${index}) has the effect ${effect}, and a batch only reads.`,
    {
      remediation: `Nothing was sent. Leave it out of the batch, and call ${id} by itself.`,
    },
  );
}
