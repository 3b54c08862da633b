import { permits } from '../../access/policy.ts';
import { isSelected } from '../../access/visibility.ts';
import { CallError } from '../../errors.ts';
import { isJsonObject } from '../../lib/json.ts';
import { exampleOf, exampleWithin } from '../../pipeline/arguments/example.ts';
import { type Arguments, readArguments } from '../../pipeline/arguments/parse.ts';
import { operationUnder } from '../../pipeline/pins/enforce.ts';
import { type About, type CallResult, finish, runOperation } from '../../pipeline/run-operation.ts';
import type { Session } from '../../request-context.ts';
import type { Helper } from '../../tools/builtin/index.ts';
import { findOperation } from '../../tools/catalogue.ts';
import type { Operation } from '../../tools/define-operation.ts';
import type { Offer } from '../offer.ts';
import { findOperations, runnerOf, runners } from './definitions.ts';
import { find } from './find-operations.ts';
import { closestTools } from './search.ts';

/** Runs a tool of the compact surface. Never throws. */
export async function runRunner(
  name: string,
  raw: unknown,
  offer: Offer,
  session: Session,
  cancelled: AbortSignal,
): Promise<CallResult> {
  const about: About = { started: performance.now(), secrets: [], confirmedBy: undefined };
  const runner = runners.find(({ id }) => id === name) ?? findOperations;
  // What is recorded of a refusal: the operation, as soon as it is known.
  let tool: Operation | Helper = runner;
  let given = raw;
  try {
    const args = readRunner(runner, raw, offer, session);
    if (runner === findOperations) return finish(tool, raw, { value: find(args, offer) }, session, about);
    const hidden = offer.knows(String(args.operation)) ? undefined : findOperation(String(args.operation));
    if (hidden) {
      tool = hidden;
      given = args.arguments;
      about.recordedAs = 'outside_pin';
    }
    const operation = operationNamed(String(args.operation), offer);
    tool = operation;
    given = args.arguments;
    assertRuns(runner, operation, session);
    const result = await runOperation(operation.id, given, session, cancelled);
    return { ...result, value: exampleWithin(result.value, runner.id, 'operation') };
  } catch (cause) {
    return finish(tool, given, { cause }, session, about);
  }
}

/** The arguments of a runner; where they are not its own, they are likely those of the operation that it names. */
function readRunner(runner: Helper, raw: unknown, offer: Offer, session: Session): Arguments {
  try {
    return readArguments(runner, raw);
  } catch (error) {
    const { operation: id, arguments: inner, ...others } = isJsonObject(raw) ? raw : {};
    const operation = typeof id === 'string' && offer.knows(id) ? findOperation(id) : undefined;
    if (!(error instanceof CallError) || !operation) throw error;
    const given = { ...others, ...(isJsonObject(inner) && inner) };
    const { arguments: args } = exampleOf(operationUnder(session.pins, operation), given);
    const example = { tool: runnerOf(operation.effect).id, arguments: { operation: id, arguments: args } };
    throw new CallError(error.code, error.message, { ...error.facts, example });
  }
}

function operationNamed(id: string, offer: Offer): Operation {
  const operation = offer.knows(id) ? findOperation(id) : undefined;
  if (operation) return operation;
  throw new CallError('unknown_operation', 'There is no such operation here.', {
    closest: closestTools(id, offer.tools),
  });
}

/** Clients approve calls by the tool: a delete must not come in by the door for reads. */
function assertRuns(runner: Helper, { id, effect }: Operation, session: Session): void {
  const right = runnerOf(effect);
  const isServed = isSelected(id, session.policy) && permits(session.policy, effect);
  // What the policy refuses has no right door.
  if (right === runner || !isServed) return;
  throw new CallError('wrong_runner', `${id} is an operation with the effect ${effect}: call ${right.id}.`);
}
