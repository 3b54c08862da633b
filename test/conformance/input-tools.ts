import { randomBytes } from 'node:crypto';
import type { InputState } from '../../src/access/input-states.ts';
import { CallError } from '../../src/errors.ts';
import { isJsonObject } from '../../src/lib/json.ts';
import { RpcError } from '../../src/protocol/rpc-error.ts';
import type { RequestContext } from '../../src/request-context.ts';
import type { CallResult } from '../../src/tools/define-tool.ts';
import type { InputRequest } from '../../src/tools/input-required.ts';

/*
 * The tools of the suite that ask the person by a round trip. Their states are sealed and opened as those of confirmations
 * are.
 */

function form(message: string, name: string): InputRequest {
  const properties = { [name]: { type: 'string', title: name } } as const;
  return {
    method: 'elicitation/create',
    params: { mode: 'form', message, requestedSchema: { type: 'object', properties, required: [name] } },
  };
}

const complete = (value: string): CallResult => ({ value, error: undefined });

function ask(key: string, request: InputRequest, round: number, { inputStates }: RequestContext): CallResult {
  const state: InputState = {
    id: randomBytes(8).toString('hex'),
    operation: key,
    argumentsDigest: '',
    question: 'confirmation',
    round,
    expires: Date.now() + inputStates.timeoutMs,
  };
  const inputRequired = { requests: { [key]: request }, state: inputStates.seal(state) };
  return { value: undefined, error: undefined, inputRequired };
}

/** The content of an accepted answer; undefined if there is none. */
function answered(key: string, context: RequestContext): Record<string, unknown> | undefined {
  const responses = context.client?.input?.responses;
  const answer = isJsonObject(responses) ? responses[key] : undefined;
  if (!isJsonObject(answer) || answer.action !== 'accept' || !isJsonObject(answer.content)) return undefined;
  return answer.content;
}

/** The state of a repeated call; undefined for a first one. */
function stateOf({ client, inputStates }: RequestContext): InputState | undefined {
  const text = client?.input?.state;
  if (text === undefined) return undefined;
  const state = inputStates.open(text);
  if (!state)
    throw new CallError(
      'invalid_request_state',
      'requestState is not valid: it was changed, or is of another caller or server.',
    );
  return state;
}

const confirm = form('Please confirm', 'ok');

/** Tools by name. */
export const inputTools: Readonly<Record<string, (context: RequestContext) => CallResult>> = {
  test_input_required_result_elicitation: (context) => {
    const answer = answered('user_name', context);
    if (typeof answer?.name !== 'string')
      return ask('user_name', form('What is your name?', 'name'), 1, context);
    return complete(`Hello, ${answer.name}!`);
  },
  test_input_required_result_request_state: (context) => {
    const state = stateOf(context);
    return state && answered('confirm', context) ? complete('state-ok') : ask('confirm', confirm, 1, context);
  },
  test_input_required_result_multi_round: (context) => {
    const round = stateOf(context)?.round ?? 0;
    if (round < 1) return ask('step1', form('Step 1: What is your name?', 'name'), 1, context);
    if (round < 2) return ask('step2', form('Step 2: What is your favorite color?', 'color'), 2, context);
    return complete('Done.');
  },
  test_input_required_result_tampered_state: (context) =>
    stateOf(context) ? complete('Done.') : ask('confirm', confirm, 1, context),
  test_input_required_result_capabilities: (context) =>
    context.client?.input?.hasForms ? ask('confirm', confirm, 1, context) : complete('Nothing was asked.'),
  // The suite wants a tool that needs sampling, which no tool of this server does.
  test_missing_capability: () => {
    throw new RpcError(-32_021, 'This call needs the client capability sampling.', {
      requiredCapabilities: { sampling: {} },
    });
  },
  test_streaming_elicitation: (context) => ask('confirm', confirm, 1, context),
};
