/* Bridge groups of an account. A bridge does not hold its account's id; the collection's scope does. */
import { agentsOf } from '../bridge-agents.ts';
import { knownFields } from '../known-fields.ts';
import type { Answer, Handlers, SandboxRequest, SandboxState, Stored } from '../model.ts';
import { listPage } from '../query.ts';
import { accountOf } from '../targets.ts';
import { applyPatch, replaceWhole } from '../write.ts';

/** Handlers of the bridges group. */
export const bridgesHandlers: Handlers = {
  bridges_list: (request) => {
    const bridges = request.state.collections.bridge.all(accountOf(request).id);
    return { status: 200, body: listPage(bridges, request) };
  },
  bridges_create: (request) => {
    const { state } = request;
    const account = accountOf(request);
    const body = knownFields('CreateBridgeRequest', request.body);
    const bridge = state.collections.bridge.add({ ...body, ...state.newNamed(body) }, account.id);
    return { status: 200, body: { result: { bridge, credential: makeCredential(state, bridge) } } };
  },
  bridges_get: (request) => ({ status: 200, body: { result: bridgeOf(request) } }),
  bridges_update: (request) => {
    const current = bridgeOf(request);
    return change(request, replaceWhole(current, request.body, writing(request)));
  },
  bridges_patch: (request) => {
    const current = bridgeOf(request);
    return change(request, applyPatch(current, request.body, writing(request)));
  },
  bridges_delete: (request) => {
    request.state.collections.bridge.remove(bridgeOf(request).id);
    return { status: 204 };
  },
  bridges_get_status: (request) => ({
    status: 200,
    body: { result: agentsOf(request.state, bridgeOf(request)) },
  }),
};

function bridgeOf(request: SandboxRequest): Stored {
  const account = accountOf(request);
  return request.state.collections.bridge.get(request.params.bridgeId ?? '', account.id);
}

function writing({ state }: SandboxRequest) {
  return { state, validateAs: 'UpdateBridgeRequest' };
}

function change({ state }: SandboxRequest, wanted: Stored): Answer {
  return { status: 200, body: { result: state.collections.bridge.replace(wanted) } };
}

// The API returns line breaks as the two characters `\n`, escaped once more than in a file.
function makeCredential(state: SandboxState, bridge: Stored): string {
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const claims = {
    sub: bridge.id,
    name: bridge.name,
    iat: Math.floor(state.now() / 1000),
    jti: state.newId(),
  };
  const jwt = [encode({ typ: 'JWT', alg: 'ed25519-nkey' }), encode(claims), state.newSecret(64)].join('.');
  return [
    '-----BEGIN NATS USER JWT-----',
    jwt,
    '------END NATS USER JWT------',
    '',
    '-----BEGIN USER NKEY SEED-----',
    `SU${state
      .newSecret(36)
      .replace(/[^A-Za-z0-9]/g, 'A')
      .toUpperCase()}`,
    '------END USER NKEY SEED------',
    '',
  ].join('\\n');
}
