import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';

/*
 * Onboarding a customer, as an assistant would do it: a real MCP client drives the built server over stdio, and the
 * server talks HTTP to the Synqly that it brings along. Every call is printed with what came back.
 */

// biome-ignore lint/suspicious/noExplicitAny: the demo shows answers, it does not program against them
type Json = any;

const paint = (format: Parameters<typeof styleText>[0], text: string) =>
  process.stdout.isTTY || process.env.FORCE_COLOR
    ? styleText(format, text, { validateStream: false } as never) // Newer than the types of Node 20.
    : text;

const client = new Client(
  { name: 'demo', version: '1.0.0' },
  { capabilities: { elicitation: { form: {} } } },
);

/** Plays the person: reads what the server asks before it destroys something, and agrees. */
client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
  console.log(paint('yellow', params.message.replaceAll(/^/gm, '  ? ')));
  const typed = /type the name of the object: (".*")$/.exec(params.message)?.[1];
  const content = typed === undefined ? { confirm: true } : { name: JSON.parse(typed) };
  console.log(paint('dim', `  ← ${JSON.stringify(content)}`));
  return { action: 'accept', content };
});
const server = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
await client.connect(
  new StdioClientTransport({
    command: process.execPath,
    args: [server, '--sandbox', '--log-level', 'silent'],
    // Where the audit trail goes, unless it has a file.
    stderr: 'ignore',
    // What the calls below name by reference: no secret is in the conversation.
    env: {
      ...getDefaultEnvironment(),
      SYNQLY_SECRET_SPLUNK_OLD: 'bad-token-from-last-year',
      SYNQLY_SECRET_SPLUNK: 'a-token-that-works',
    },
  }),
);

let calls = 0;
const title = (text: string) => console.log(`\n${paint('bold', text)}`);

const columns = 100;

/** A call with its arguments, in as few lines as can be read. */
function show(name: string, args: Record<string, unknown>): string {
  const lines = [`  → ${name}`];
  for (const [key, value] of Object.entries(args)) {
    const part = `${key}: ${JSON.stringify(value)}`;
    const last = lines.at(-1) ?? '';
    if (last.length + part.length + 2 <= columns) lines[lines.length - 1] = `${last}  ${part}`;
    else lines.push(`      ${part}`);
  }
  const [first = '', ...rest] = lines;
  const call = `  → ${name}`;
  const head = paint('cyan', call) + paint('dim', first.slice(call.length));
  return [head, ...rest.map((line) => paint('dim', line))].join('\n');
}

/** Runs a tool, prints the call and what `tell` makes of the answer. An error that is not expected ends the demo. */
async function call(
  name: string,
  args: Record<string, unknown>,
  tell: (json: Json) => string,
  expectError = false,
): Promise<Json> {
  calls += 1;
  console.log(show(name, args));
  const result = await client.callTool({ name, arguments: args });
  const [content] = result.content as { text: string }[];
  const json = JSON.parse(content?.text ?? '');
  const failed = result.isError === true;
  if (failed !== expectError) throw new Error(`${name} answered unexpectedly: ${content?.text}`);
  console.log(`${failed ? paint('yellow', '  ✗') : paint('green', '  ✓')} ${tell(json)}`);
  return json;
}

const list = (values: string[], most = 3) =>
  values.length > most ? `${values.slice(0, most).join(', ')} …` : values.join(', ');

const { tools } = await client.listTools();
console.log(`${client.getServerVersion()?.title}: ${tools.length} tools over stdio`);

const account_id = 'harbor-foods';
const credentialForm = (value: string) => ({ type: 'token_id', value });
const configWith = (credential: string) => ({
  type: 'siem_splunk',
  search_service_url: 'https://splunk.harbor-foods.example:8089',
  search_service_credential: credentialForm(credential),
});

/** What is told of a field, whether it takes a text or one of several forms. */
const toldOf = (field: Json): string => (typeof field === 'string' ? field : (field.about ?? ''));

title('Which provider, and what does it need?');
await call('capabilities_list_connectors', {}, ({ result }) => {
  const siem = result.find((connector: Json) => connector.id === 'siem');
  return `${result.length} connectors; siem has ${siem.provider_ids.length} providers: ${list(siem.provider_ids)}`;
});
await call(
  'capabilities_get_provider',
  { provider_id: 'siem_splunk', expand: ['provider_config'] },
  ({ result }) => {
    const needed = Object.entries(result.provider_config).filter(([, about]) =>
      /\brequired\b/.test(toldOf(about)),
    );
    return `${result.fullname} needs ${needed.map(([field]) => field).join(' and ')}`;
  },
);

title('An account for the customer');
await call(
  'accounts_create',
  { name: account_id, fullname: 'Harbor Foods', environment: 'prod', labels: ['tier:gold'] },
  ({ result }) => `${result.account.fullname}, ${result.account.environment}, ${result.account.labels}`,
);
await call(
  'integrationPoints_create',
  {
    name: 'customer-siem',
    fullname: 'Your SIEM',
    connector: 'siem',
    environments: { prod: ['siem_splunk'] },
  },
  ({ result }) => `integration point ${result.name} allows ${result.environments.prod} in prod`,
);

title('A credential, tried out before anything is built on it');
await call(
  'credentials_create',
  {
    owner_id: account_id,
    name: 'splunk-old',
    config: { type: 'token', secret: '${env:SYNQLY_SECRET_SPLUNK_OLD}' },
  },
  ({ result }) =>
    `${result.name}: ${result.config.type}, taken from a variable that the assistant cannot read`,
);
await call(
  'integrations_verify',
  { account_id, integration_point_id: 'customer-siem', provider_config: configWith('splunk-old') },
  ({ error }) => `${error.code}: ${error.upstream.message} (${error.upstream.raw_error})`,
  true,
);
await call(
  'credentials_create',
  { owner_id: account_id, name: 'splunk', config: { type: 'token', secret: '${env:SYNQLY_SECRET_SPLUNK}' } },
  ({ result }) => `${result.name}: ${result.config.type}`,
);
await call(
  'integrations_verify',
  { account_id, integration_point_id: 'customer-siem', provider_config: configWith('splunk') },
  ({ messages }) => (messages?.problems?.length ? 'works, with warnings' : 'Splunk accepts it'),
);

title('The integration');
await call(
  'integrations_create',
  {
    account_id,
    name: 'harbor-splunk',
    integration_point_id: 'customer-siem',
    provider_config: configWith('splunk'),
  },
  ({ result }) =>
    `${result.integration.provider_fullname} connected; its token is put away, and a reference stands in its place`,
);
const integration = { account_id, integration_id: 'harbor-splunk' };
await call(
  'status_get',
  integration,
  ({ result }) => `${result.status}: ${result.requests} requests, ${result.failed} failed`,
);
await call('status_get_integration_timeseries', integration, ({ result }) => {
  return `${result.series.length} steps of ${result.interval}`;
});

title('A token for the customer’s dashboard, and a correction');
const token = await call(
  'tokens_create_token',
  {
    name: 'harbor-dashboard',
    permission_set: 'viewer',
    resources: { accounts: { ids: [account_id] } },
    token_ttl: '8h',
  },
  ({ result }) => `${result.name}: viewer of one account for ${result.token_ttl}`,
);
await call(
  'accounts_patch',
  { account_id, patch: [{ op: 'add', path: '/labels/-', value: 'region:emea' }] },
  ({ result }) => `labels are now ${result.labels.join(', ')}`,
);

title('Cleaning up: what cannot be taken back, a person confirms');
const gone = (what: string) => () => `${what} is gone`;
await call('tokens_delete', { refresh_token_id: token.result.id }, gone('the token'));
await call('integrations_delete', integration, gone('the integration'));
await call(
  'integrationPoints_delete',
  { integration_point_id: 'customer-siem' },
  gone('the integration point'),
);
await call('accounts_delete', { account_id }, gone('the account with its credentials'));
await call('accounts_get', { account_id }, ({ error }) => `${error.code}, as it should be`, true);

console.log(`\n${calls} calls, one customer onboarded and removed. Nothing left the machine.`);
await client.close();
