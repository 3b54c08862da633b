/* Credentials of accounts, integration points, integrations and webhooks. Responses show only their kind. */
import {
  type CredentialConfig,
  findOwner,
  type OwnerType,
  ownerOf,
  ownerTypes,
  removeCredential,
  secretOf,
  storeCredential,
  usersOf,
} from '../credential-store.ts';
import { managedFields } from '../facts.ts';
import type { Answer, Handlers, SandboxRequest, Stored } from '../model.ts';
import { badRequest, conflict, notFound, ProblemError } from '../problem.ts';
import { recheckProvider } from '../provider-trial.ts';
import { listPage } from '../query.ts';
import { applyPatch, replaceWhole } from '../write.ts';

const validateAs = 'UpdateCredentialRequest';

/** Handlers of the credentials group. */
export const credentialsHandlers: Handlers = {
  credentials_list: (request) => {
    const { object } = pathOwner(request, ownerTypes);
    const credentials = request.state.collections.credential.all(object.id);
    return { status: 200, body: listPage(credentials, request) };
  },
  credentials_create: (request) => {
    const { state } = request;
    const body = request.body as {
      name?: string;
      fullname?: string;
      config?: CredentialConfig;
      owner_type?: OwnerType;
      expires?: string;
    };
    const { type, object } = pathOwner(request, [body.owner_type ?? 'account']);
    const { config } = body;
    if (!config)
      throw badRequest('A credential needs a config.', {
        remediation: 'Give config with the type of the credential and its secret values.',
        parameter: { id: '/config', location: 'body' },
      });
    const credential = storeCredential(state, { type, id: object.id }, { ...body, config, managed: false });
    return { status: 200, body: { result: credential } };
  },
  credentials_get: (request) => ({ status: 200, body: { result: credentialOf(request) } }),
  credentials_lookup: (request) => {
    const { state, params } = request;
    const id = params.credentialId ?? '';
    const credential = state.collections.credential.find(id);
    if (credential?.id !== id || !ownerInReach(request, credential)) throw notFound('credential', id);
    return { status: 200, body: { result: credential } };
  },
  credentials_update: (request) => {
    const current = credentialOf(request);
    const body = request.body as Record<string, unknown>;
    const keepsSecret = body.config === undefined || body.config === null;
    const full = { ...current, config: secretOf(request.state, current.id) ?? current.config };
    const sent = keepsSecret ? without(body, 'config') : body;
    const wanted = withoutSecretValues(() => replaceWhole(full, sent, writing(request)));
    return change(request, current, keepsSecret ? { ...wanted, config: full.config } : wanted);
  },
  credentials_patch: (request) => {
    const current = credentialOf(request);
    refuseCopies(request.body as readonly PatchStep[]);
    const full = { ...current, config: secretOf(request.state, current.id) ?? current.config };
    const wanted = withoutSecretValues(() => applyPatch(full, request.body, writing(request)));
    return change(request, current, wanted);
  },
  credentials_delete: (request) => {
    const { state } = request;
    const credential = credentialOf(request);
    const users = usersOf(state, credential.id);
    if (users.length > 0)
      throw conflict(`The credential "${credential.name}" is in use.`, {
        remediation: 'Give what uses it another credential, or delete that first.',
        resources: users,
      });
    removeCredential(state, credential.id);
    return { status: 204 };
  },
};

interface PatchStep {
  readonly op: string;
  readonly from?: string;
}

// A `copy` step would copy the secret to a readable field.
function refuseCopies(steps: readonly PatchStep[]): void {
  steps.forEach(({ op, from = '' }, index) => {
    const reachesSecret = from === '' || from === '/config' || from.startsWith('/config/');
    if ((op === 'copy' || op === 'move') && reachesSecret)
      throw badRequest('The secret of a credential can be set, but neither copied nor moved.', {
        parameter: { id: `/${index}/from`, location: 'body', value: from },
      });
  });
}

// An error quotes the invalid value, which here may be the stored secret.
function withoutSecretValues<T>(write: () => T): T {
  try {
    return write();
  } catch (error) {
    const parameter = error instanceof ProblemError ? error.details.parameter : undefined;
    if (!(error instanceof ProblemError) || !parameter || !/^(\/config(\/|$)|$)/.test(parameter.id))
      throw error;
    const { id, location } = parameter;
    throw new ProblemError(error.status, error.message, { ...error.details, parameter: { id, location } });
  }
}

function writing({ state }: SandboxRequest) {
  return { state, validateAs, managed: managedFields(validateAs) };
}

/** Stores a changed credential, and checks the integrations that use it again. */
function change({ state }: SandboxRequest, current: Stored, wanted: Stored): Answer {
  const config = wanted.config as CredentialConfig;
  const credential = state.collections.credential.replace({ ...wanted, config: { type: config.type } });
  state.credentialSecrets.set(current.id, config);
  for (const { type, id } of usersOf(state, current.id))
    if (type === 'integration') recheckProvider(state, state.collections.integration.get(id));
  return { status: 200, body: { result: credential } };
}

function pathOwner(request: SandboxRequest, types: readonly OwnerType[]) {
  const idOrName = request.params.ownerId ?? '';
  const owner = findOwner(request.state, idOrName, types);
  const kind = types.length === 1 ? (types[0] ?? 'owner') : 'credential owner';
  if (!owner || !inReach(request, owner.type, owner.object)) throw notFound(kind, idOrName);
  return owner;
}

function credentialOf(request: SandboxRequest): Stored {
  const { object } = pathOwner(request, ownerTypes);
  return request.state.collections.credential.get(request.params.credentialId ?? '', object.id);
}

function ownerInReach(request: SandboxRequest, credential: Stored): boolean {
  const { type, id } = ownerOf(credential);
  const object = request.state.collections[type].find(id);
  return object !== undefined && inReach(request, type, object);
}

function inReach(request: SandboxRequest, type: OwnerType, object: Stored): boolean {
  if (type === 'account') return request.reaches('account', object);
  return type !== 'integration' || request.reaches('integration', object);
}

function without(object: Record<string, unknown>, name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
}
