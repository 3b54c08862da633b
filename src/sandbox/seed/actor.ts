/*
 * How the seed works: it acts through the sandbox's own handlers at times in the past, so that what it
 * leaves is what such calls would have left, audit included.
 */
import { addCreated, findConcerns, recordCall } from '../audit.ts';
import { operationFact } from '../facts.ts';
import { handlers } from '../handlers.ts';
import type { SandboxRequest, SandboxState, Stored } from '../model.ts';
import type { Random } from '../random.ts';

/** Someone who made calls in the invented past. */
export interface Person {
  readonly memberId: string;
  readonly address: string;
  readonly userAgent: string;
}

/** The means of the seed. */
export interface Stage {
  readonly state: SandboxState;
  readonly random: Random;
  /** Moves the state's clock on by some milliseconds. */
  advance(milliseconds: number): void;
  /** Calls an operation as a person, and gives the `result` of its answer. */
  act(operationId: string, params: Record<string, string>, body: unknown, person: Person): Stored & Result;
}

type Result = Readonly<Record<string, unknown>>;

/** A stage whose clock is moved by `advance`. */
export function createStage(
  state: SandboxState,
  random: Random,
  advance: (milliseconds: number) => void,
): Stage {
  return {
    state,
    random,
    advance,
    act: (operationId, params, body, person) => {
      const concerns = findConcerns(params, state);
      const answer = callHandler(state, operationId, params, body, person);
      const fact = operationFact(operationId);
      recordCall(state, {
        method: fact.method,
        path: fact.path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? ''),
        status: answer.status,
        requestBody: body,
        responseText: '',
        remoteAddress: person.address,
        userAgent: person.userAgent,
        memberId: person.memberId,
        concerns: addCreated(concerns, answer.body),
      });
      return (answer.body as { result: Stored & Result }).result;
    },
  };
}

function callHandler(
  state: SandboxState,
  operationId: string,
  params: Record<string, string>,
  body: unknown,
  person: Person,
) {
  const handler = handlers[operationId];
  if (!handler) throw new Error(`No handler for ${operationId}.`);
  const request: SandboxRequest = {
    operationId,
    state,
    caller: {
      tokenId: state.organization.refresh_token_id as string,
      memberId: person.memberId,
      kind: 'organization',
      withRefreshSecret: false,
      grants: [{ permissionSet: 'administrator' }],
    },
    params,
    query: {},
    body,
    reaches: () => true,
  };
  const answer = handler(request);
  if (answer instanceof Promise)
    throw new Error(`${operationId} cannot be used by the seed: it is asynchronous.`);
  return answer;
}
