/*
 * The seed calls the sandbox's own handlers at times in the past, so that its data is what such calls would have
 * left, audit records included.
 */
import { addCreated, findAuditedResources, recordCall } from '../audit.ts';
import { operationFact } from '../facts.ts';
import { handlers } from '../handlers.ts';
import type { SandboxRequest, SandboxState, Stored } from '../model.ts';
import type { Random } from '../random.ts';

/** A caller in the sample history. */
export interface Person {
  readonly memberId: string;
  readonly address: string;
  readonly userAgent: string;
}

/** The context of the seed. */
export interface SeedContext {
  readonly state: SandboxState;
  readonly random: Random;
  /** Advances the state's clock by some milliseconds. */
  advance(milliseconds: number): void;
  /** Calls an operation as a caller, and returns the `result` of its response. */
  act(operationId: string, params: Record<string, string>, body: unknown, person: Person): Stored & Result;
}

type Result = Readonly<Record<string, unknown>>;

/** Creates a context whose clock is moved by `advance`. */
export function createStage(
  state: SandboxState,
  random: Random,
  advance: (milliseconds: number) => void,
): SeedContext {
  return {
    state,
    random,
    advance,
    act: (operationId, params, body, person) => {
      const concerns = findAuditedResources(params, state);
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
