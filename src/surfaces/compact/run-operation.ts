import { isEffectAllowed } from '../../access/policy.ts';
import { isInToolsetFilter } from '../../access/visibility.ts';
import { CallError } from '../../errors.ts';
import type { StopSignal } from '../../lib/cancellation.ts';
import { type Arguments, isJsonObject, type JsonObject } from '../../lib/json.ts';
import { findRespelled } from '../../lib/respelled-name.ts';
import { exampleOf, wrapExample } from '../../pipeline/arguments/example.ts';
import { listArguments, withArgumentList } from '../../pipeline/arguments/list-arguments.ts';
import { normalizeArguments } from '../../pipeline/arguments/other-names.ts';
import { parseArguments } from '../../pipeline/arguments/parse.ts';
import { runBatch } from '../../pipeline/batch/run-batch.ts';
import { confirmCalls } from '../../pipeline/call-lists/confirm-calls.ts';
import { type CallState, startCall } from '../../pipeline/call-state.ts';
import { readInputState } from '../../pipeline/input/input-state.ts';
import { finish } from '../../pipeline/outcome.ts';
import { withoutUnusedSaveAs } from '../../pipeline/output/save-as-argument.ts';
import { visibleOperation } from '../../pipeline/pins/enforce.ts';
import { assertRepeatsPins } from '../../pipeline/pins/given.ts';
import { runOperationById } from '../../pipeline/run-operation.ts';
import type { RequestContext } from '../../request-context.ts';
import { skillViewOf } from '../../skills/skill-view.ts';
import { findOperation } from '../../tools/catalogue.ts';
import type { Operation } from '../../tools/define-operation.ts';
import type { CallResult, ToolDefinition } from '../../tools/define-tool.ts';
import { isWorkflow } from '../../tools/effect-of.ts';
import { dispatcherFor, dispatcherTools, findOperations, runDestroy } from './definitions.ts';
import { searchOperations } from './find-operations.ts';
import { findSkills } from './find-skills.ts';
import type { OperationIndex } from './operation-index.ts';
import { closestTools } from './search/search.ts';

/** Runs a tool of the compact surface. Never throws. */
export async function runDispatcher(
  name: string,
  raw: unknown,
  index: OperationIndex,
  context: RequestContext,
  cancelled: StopSignal,
): Promise<CallResult> {
  const dispatcher = dispatcherTools.find(({ id }) => id === name) ?? findOperations;
  const call = startCall(dispatcher, raw, context);
  try {
    const args = parseDispatcherArguments(dispatcher, call.raw, index, context);
    if (dispatcher === findOperations) {
      readInputState(context);
      return await finish(call, { value: await searchWithSkills(args, index, context) });
    }
    if (args.calls !== undefined) {
      const only = assertOnlyCalls(dispatcher, args);
      return dispatcher === runDestroy
        ? await confirmCalls(dispatcher, call.raw, only, context, cancelled)
        : await runBatch(dispatcher, call.raw, only, context, cancelled);
    }
    if (args.save_as !== undefined) throw misplacedSaveAs(dispatcher);
    if (!isJsonObject(call.raw) || !('operation' in call.raw)) throw missingOperation(dispatcher);
    const id = String(args.operation ?? '');
    const hidden = index.isVisible(id) ? undefined : findOperation(id);
    // A refusal is recorded under the operation as soon as its name is known.
    if (hidden) Object.assign(call, { ...callOf(hidden, args), recordedAs: 'outside_pin' });
    if (isWorkflow(id) && index.tools.some(({ name }) => name === id))
      return await runAsWorkflow(id, dispatcher, args, context, cancelled);
    const operation = operationNamed(id, index);
    Object.assign(call, callOf(operation, args));
    assertMatchesEffect(dispatcher, operation, context);
    const result = await runOperationById(operation.id, args.arguments, context, cancelled);
    const isRefused = result.error?.code === 'invalid_arguments';
    const value = isRefused ? withArgumentList(result.value, argumentsOf(operation, context)) : result.value;
    return { ...result, value: wrapExample(value, dispatcher.id, 'operation') };
  } catch (cause) {
    return await finish(call, { cause });
  }
}

/** Operations by words, and the skills that the words ask for. A skill that is named exactly is the whole result. */
async function searchWithSkills(
  args: Arguments,
  index: OperationIndex,
  context: RequestContext,
): Promise<JsonObject> {
  const { pins, policy, permissions } = context;
  const { query, group, effect } = args;
  const isFiltered = group !== undefined || effect !== undefined;
  const view = { pins, policy, permissions: permissions?.current };
  const found =
    query === undefined || isFiltered
      ? undefined
      : await findSkills(String(query), skillViewOf(view, context), index.toolCall);
  return found && 'skill' in found ? found : { ...searchOperations(args, index, view), ...found };
}

/** @throws CallError `wrong_tool` for a dispatcher that does not read */
async function runAsWorkflow(
  id: string,
  dispatcher: ToolDefinition,
  args: Arguments,
  context: RequestContext,
  cancelled: StopSignal,
): Promise<CallResult> {
  const expected = dispatcherFor('read');
  if (dispatcher !== expected) throw new CallError('wrong_tool', `${id} only reads: call ${expected.id}.`);
  // Most calls are of operations, and need not load the workflows.
  const { inputOfWorkflow, runWorkflow } = await import('../../pipeline/workflows/run-workflow.ts');
  const result = await runWorkflow(id, args.arguments ?? {}, context, cancelled);
  const isRefused = result.error?.code === 'invalid_arguments';
  const value = isRefused
    ? withArgumentList(result.value, listArguments(inputOfWorkflow(id, context)))
    : result.value;
  return { ...result, value: wrapExample(value, dispatcher.id, 'operation') };
}

/** The arguments of a dispatcher. Unknown ones are most likely meant for the operation, which the example shows. */
function parseDispatcherArguments(
  dispatcher: ToolDefinition,
  raw: unknown,
  index: OperationIndex,
  context: RequestContext,
): Arguments {
  try {
    return parseArguments(withoutUnusedSaveAs(dispatcher, context), raw);
  } catch (error) {
    const { operation: id, arguments: nested, ...others } = isJsonObject(raw) ? raw : {};
    if (
      error instanceof CallError &&
      id === undefined &&
      others.calls === undefined &&
      dispatcher !== findOperations
    )
      throw new CallError(error.code, error.message, { ...error.details, example: exampleFor(dispatcher) });
    const operation = typeof id === 'string' && index.isVisible(id) ? findOperation(id) : undefined;
    if (!(error instanceof CallError) || !operation) throw error;
    const given = normalizeArguments(operation, { ...others, ...(isJsonObject(nested) && nested) });
    assertRepeatsPins(operation, given, context.pins);
    const { arguments: args } = exampleOf(visibleOperation(context.pins, operation), given as JsonObject);
    const acceptedArguments = [
      ...(error.details.acceptedArguments ?? []),
      ...argumentsOf(operation, context).map((text) => `arguments.${text}`),
    ];
    const example = {
      tool: dispatcherFor(operation.effect).id,
      arguments: { operation: id, arguments: args },
    };
    throw new CallError(error.code, error.message, { ...error.details, acceptedArguments, example });
  }
}

function misplacedSaveAs({ id }: ToolDefinition): CallError {
  return new CallError('invalid_arguments', `Invalid arguments for ${id}.`, {
    arguments: [
      {
        argument: 'save_as',
        problem: 'can only be given with calls; for one operation, put it into arguments',
      },
    ],
  });
}

/** `run_read` and `run_destroy` also take `calls`, so that their schema does not require `operation`. */
function missingOperation({ id }: ToolDefinition): CallError {
  return new CallError('invalid_arguments', `Invalid arguments for ${id}.`, {
    arguments: [{ argument: 'operation', problem: 'is required (string)' }],
    example: exampleFor({ id }),
  });
}

const exampleFor = ({ id }: Pick<ToolDefinition, 'id'>) => ({
  tool: id,
  arguments: { operation: '<operation>' },
});

/** The calls of `run_read` or `run_destroy`, which takes either one call or several. @throws CallError `invalid_arguments` */
function assertOnlyCalls({ id }: ToolDefinition, args: Arguments): Arguments {
  const { calls: _, save_as: _name, ...others } = args;
  if (Object.keys(others).length === 0) return args;
  throw new CallError('invalid_arguments', `${id} takes either calls, or operation and arguments.`, {
    arguments: Object.keys(others).map((argument) => ({ argument, problem: 'cannot be given with calls' })),
  });
}

/** The arguments that this caller may give, in short, so that it need not look them up. */
function argumentsOf(operation: Operation, { pins }: RequestContext): readonly string[] {
  return listArguments(visibleOperation(pins, operation));
}

/** The operation and its arguments, which a refusal records in place of those of the dispatcher. */
function callOf(tool: Operation, args: Arguments): Pick<CallState, 'tool' | 'raw'> {
  return { tool, raw: normalizeArguments(tool, args.arguments) };
}

function operationNamed(id: string, index: OperationIndex): Operation {
  const operation = index.isVisible(id) ? findOperation(id) : undefined;
  if (operation) return operation;
  const meant = findRespelled(
    id,
    index.tools.map(({ name }) => name),
  );
  const closest = closestTools(id, index.tools);
  if (meant === undefined) throw new CallError('unknown_operation', 'Unknown operation.', { closest });
  throw new CallError('unknown_operation', `Unknown operation. Use ${meant}.`, {
    closest: [...new Set([meant, ...closest])],
  });
}

/** Clients approve calls by the tool, so a delete must not run through `run_read`. */
function assertMatchesEffect(
  dispatcher: ToolDefinition,
  { id, effect }: Operation,
  context: RequestContext,
): void {
  const expected = dispatcherFor(effect);
  const isAvailable = isInToolsetFilter(id, context.policy) && isEffectAllowed(context.policy, effect);
  // An operation that the policy refuses has no matching dispatcher.
  if (expected === dispatcher || !isAvailable) return;
  throw new CallError('wrong_tool', `${id} has the effect ${effect}: call ${expected.id}.`);
}
