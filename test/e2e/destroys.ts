import type { Exchange } from '../../src/sandbox/app.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { catalogue } from '../../src/tools/catalogue.ts';
import { type Person, type Program, startProgram, type ToolAnswer } from './support.ts';

type Arguments = Record<string, unknown>;

/** Every operation that destroys. */
export const destroying = catalogue.filter(({ effect }) => effect === 'destroy').map(({ id }) => id);

/** A sandbox, and a program that carries out at once what a test needs done. */
export interface Ground {
  readonly sandbox: Sandbox;
  readonly exchanges: Exchange[];
  /** Runs a tool. @throws Error when it fails */
  // biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
  make(tool: string, args?: Arguments): Promise<any>;
  /** A further administrator's token. */
  newToken(): Promise<string>;
  /** A program with a token of its own. */
  open(flags?: string[], person?: Person): Promise<Program>;
  /** How often an operation reached the sandbox while something was done. */
  sendsOf(tool: string, work: () => Promise<unknown>): Promise<number>;
  close(): Promise<void>;
}

/** Whoever calls tools in a test. */
export interface Subject {
  call(tool: string, args?: Arguments): Promise<Pick<ToolAnswer, 'json'>>;
  close(): Promise<void>;
}

/** Ends the rights of whoever calls it, who is of no use to other tests then. */
const endsItsCaller = new Set(['auth_logoff']);

/** Opens one subject for all tests of a kind: starting programs is most of what they cost. */
export class SharedSubject {
  readonly #open: () => Promise<Subject>;
  #opening: Promise<Subject> | undefined;

  constructor(open: () => Promise<Subject>) {
    this.#open = open;
  }

  async for(tool: string): Promise<Subject> {
    if (endsItsCaller.has(tool)) return this.#open();
    this.#opening ??= this.#open();
    const { call } = await this.#opening;
    return { call, close: async () => {} };
  }

  async close(): Promise<void> {
    await (await this.#opening)?.close();
  }
}

export async function prepareGround(): Promise<Ground> {
  const exchanges: Exchange[] = [];
  const sandbox = await startSandbox({ size: 'small', onExchange: (exchange) => exchanges.push(exchange) });
  const admin: Program = await startProgram(
    ['--base-url', sandbox.baseUrl, '--confirm', 'never', '--reveal-secrets'],
    { SYNQLY_TOKEN: sandbox.token },
  );
  const make: Ground['make'] = async (tool, args = {}) => {
    const { isError, text, json } = await admin.call(tool, args);
    if (isError) throw new Error(`${tool}: ${text}`);
    return json.result;
  };
  const newToken = async () => {
    const resources = { accounts: { ids: ['*'] } };
    const token = await make('tokens_create_token', { permission_set: 'administrator', resources });
    return token.primary.access.secret;
  };
  return {
    sandbox,
    exchanges,
    make,
    newToken,
    open: async (flags = [], person) => {
      const env = { SYNQLY_TOKEN: await newToken() };
      return startProgram(['--base-url', sandbox.baseUrl, ...flags], env, person);
    },
    sendsOf: async (tool, work) => {
      const before = exchanges.length;
      await work();
      return exchanges.slice(before).filter(({ operationId }) => operationId === tool).length;
    },
    close: async () => {
      await admin.close();
      await sandbox.close();
    },
  };
}

/** Something to be destroyed. */
interface Target {
  readonly args: Arguments;
  /** What the person types where a name is asked for. */
  readonly name: string;
  /** Changes what would be destroyed. */
  change(): Promise<unknown>;
}

const rename = { patch: [{ op: 'replace', path: '/fullname', value: 'Changed meanwhile' }] };
let made = 0;

/** Makes something new that the operation destroys. */
export async function makeTarget(tool: string, ground: Ground): Promise<Target> {
  made += 1;
  const name = `doomed-${made}`;
  const { make } = ground;
  const [group = ''] = tool.split('_');
  const patchable = (args: Arguments): Target => ({
    args,
    name,
    change: () => make(`${group}_patch`, { ...args, ...rename }),
  });
  const account = async () => (await make('accounts_create', { name })).account.name;
  const integration = async () => {
    const args = { account_id: await account(), integration_id: name };
    await make('integrations_create', {
      account_id: args.account_id,
      name,
      provider_config: { type: 'siem_mock_siem' },
    });
    return { args, name, change: () => make('integrations_patch', { ...args, ...rename }) };
  };
  const token = async () => {
    const resources = { accounts: { ids: ['*'] } };
    const { id, owner_id } = await make('tokens_create_token', { name, permission_set: 'viewer', resources });
    const change = () => make('tokens_rotate', { owner_id, refresh_token_id: id });
    const args = tool === 'tokens_reset' ? { owner_id, refresh_token_id: id } : { refresh_token_id: id };
    return { args, name, change };
  };
  const makers: Record<string, () => Promise<Target>> = {
    accounts_delete: async () => patchable({ account_id: await account() }),
    auth_logoff: async () => ({
      args: {},
      name: ground.sandbox.state.organization.name,
      change: () => make('organization_patch', { patch: [{ ...rename.patch[0], value: `Changed ${made}` }] }),
    }),
    bridges_delete: async () => {
      const args = { account_id: await account(), bridge_id: name };
      await make('bridges_create', { account_id: args.account_id, name });
      return patchable(args);
    },
    credentials_delete: async () => {
      const args = { owner_id: await account(), credential_id: name };
      await make('credentials_create', {
        owner_id: args.owner_id,
        name,
        config: { type: 'token', secret: 'a-secret-of-it' },
      });
      return patchable(args);
    },
    integrationPoints_delete: async () => {
      await make('integrationPoints_create', { name, connector: 'siem', environments: { test: ['*'] } });
      return patchable({ integration_point_id: name });
    },
    integrations_delete: integration,
    status_reset: integration,
    mappings_delete: async () => {
      await make('mappings_create', { name, data: '{}' });
      return patchable({ mapping_id: name });
    },
    members_delete: async () => {
      await make('members_create', { name, secret: 'correct-horse-battery-9', type: 'service' });
      return patchable({ member_id: name });
    },
    organizationWebhooks_delete: async () => {
      const url = 'https://hooks.example.com/synqly';
      const secret = { value: 'a-hook-secret' };
      await make('organizationWebhooks_create', { name, url, filters: ['all'], secret });
      return patchable({ webhook_id: name });
    },
    roles_delete: async () => {
      await make('roles_create', { name, permission_set: 'viewer' });
      return patchable({ role_id: name });
    },
    subOrgs_delete: async () => {
      await make('subOrgs_create', { name });
      const { sub_org } = ground.sandbox.state.collections;
      const change = async () => sub_org.replace({ ...sub_org.get(name), fullname: 'Changed meanwhile' });
      return { args: { organization_id: name }, name, change };
    },
    tokens_delete: token,
    tokens_reset: token,
    tokens_remove_secondary: async () => {
      const target = await token();
      await target.change();
      return target;
    },
  };
  const maker = makers[tool];
  if (!maker) throw new Error(`Nothing is known that ${tool} destroys.`);
  return maker();
}
