import { learnPermissions, type PermissionsResult } from '../../access/learn-permissions.ts';
import { assertProxies, prepareConnection, tokenSettingOf } from '../../app/synqly-connection.ts';
import { baseUrlOf, type Config } from '../../config/load-config.ts';
import { regions } from '../../config/settings.ts';
import { CallError } from '../../errors.ts';
import type { JsonObject } from '../../lib/json.ts';
import { getAccount, getOrganization, listAccounts, type Send } from '../../synqly/endpoints.ts';
import { type Check, failed, passed, skipped } from './check.ts';
import { checkClock, checkConnected, checkUnconnected, routeTo } from './network.ts';
import { createProbe, type Probe } from './probe.ts';
import type { ShowProgress } from './progress.ts';
import { checkAnswered, checkOrganization, checkPermissions, readToken, type TokenReport } from './token.ts';

/** Milliseconds for one request; fewer with a shorter --timeout. */
const maxRequestMs = 10_000;

/** What the checks of the API find out for those that follow. */
export interface ApiFindings {
  /** Adds a token that no output may show. */
  readonly addSecret: (secret: string) => void;
  permissions: PermissionsResult;
}

export interface ApiOptions {
  readonly config: Config;
  readonly tryRegions: boolean;
  readonly showProgress: ShowProgress;
  readonly findings: ApiFindings;
}

/** Checks network, clock and API, and what the API says of the token. */
export async function* checkApi(options: ApiOptions): AsyncGenerator<Check> {
  const { config, findings } = options;
  const { baseUrl, token, close } = await openTarget(config);
  if (token.bearer !== undefined) findings.addSecret(token.bearer);
  try {
    assertProxies();
  } catch (error) {
    yield failed('proxy', (error as Error).message, 'Correct or unset the variable.');
    if (token.check) yield token.check;
    return;
  }
  const probe = openProbe(config, baseUrl);
  try {
    yield* checkWith(probe, { ...options, baseUrl, token });
  } finally {
    await probe.close();
    await close();
  }
}

interface Target {
  readonly baseUrl: URL;
  readonly token: TokenReport;
  readonly close: () => Promise<void>;
}

async function openTarget(config: Config): Promise<Target> {
  if (!config.sandbox.value)
    return { baseUrl: baseUrlOf(config), token: await readToken(config), close: async () => {} };
  // Rejects settings that cannot be combined with the sandbox.
  prepareConnection(config);
  const { startSandbox } = await import('../../sandbox/start.ts');
  const sandbox = await startSandbox();
  const token = { bearer: sandbox.token, variable: 'the sandbox', check: undefined };
  return { baseUrl: new URL(sandbox.baseUrl), token, close: sandbox.close };
}

function openProbe(config: Config, baseUrl: URL): Probe {
  const timeoutMs = Math.min(config.timeout.value, maxRequestMs);
  return createProbe({ baseUrl, timeoutMs, maxBytes: config.maxResponseBytes.value });
}

interface WithTarget extends ApiOptions, Pick<Target, 'baseUrl' | 'token'> {}

async function* checkWith(probe: Probe, options: WithTarget): AsyncGenerator<Check> {
  const { config, baseUrl, token, showProgress, findings } = options;
  const send: Send = (request) => probe.send(request, token.bearer);
  const route = routeTo(baseUrl, process.env);
  const organization = await showProgress(`asking ${baseUrl.host}`, () => settle(getOrganization(send)));
  const [first] = probe.answers;
  if (!first) {
    yield* checkUnconnected(route, organization.error as CallError);
    yield token.check ?? skipped('token', `set in ${token.variable}; not checked without a connection`);
    return;
  }
  yield* checkConnected(route);
  yield checkClock(first);
  const fault = apiFault(organization.error, baseUrl);
  if (fault) {
    yield fault;
    yield token.check ?? skipped('token', `set in ${token.variable}; not checked: see api`);
    return;
  }
  // A second request shows the latency without the connection, and tells a narrow token from one of the wrong kind.
  const accounts = await showProgress(`asking ${baseUrl.host}`, () =>
    settle(listAccounts(send, { limit: 1 })),
  );
  yield passed('api', latencyOf(probe), {
    latency_ms: probe.answers.map(({ milliseconds }) => Math.round(milliseconds)),
  });
  if (token.bearer === undefined || token.check) {
    if (token.check) yield token.check;
    return;
  }
  const { bearer } = token;
  const isRefused = organization.error?.details.status === 401;
  if (!isRefused) {
    findings.permissions = await showProgress("reading the token's permissions", () =>
      learnPermissions(bearer, send),
    );
  }
  const { permissions } = findings;
  const check = checkAnswered(
    { organization: organization.error, accounts: accounts.error, permissions },
    { config, variable: token.variable },
  );
  if (check.details?.reason === 'refused' && options.tryRegions && config.baseUrl.value === undefined) {
    yield await tryOtherRegion(check, options, bearer);
    return;
  }
  yield check;
  if (check.status === 'problem') return;
  yield checkOrganization(organization.value);
  yield* checkPermissions(permissions, tokenSettingOf(config) === 'tokenFile');
  if (config.account.value !== undefined) yield await checkPinnedAccount(config.account.value, send);
}

interface Settled {
  readonly value?: JsonObject | undefined;
  readonly error?: CallError;
}

async function settle(request: Promise<unknown>): Promise<Settled> {
  try {
    return { value: (await request) as JsonObject | undefined };
  } catch (error) {
    if (error instanceof CallError) return { error };
    throw error;
  }
}

/** Statuses with which the Management API speaks of the token or the organization. */
const tokenStatuses: ReadonlySet<number | undefined> = new Set([401, 402, 403]);

/** The problem of an answer that says nothing of the token. */
function apiFault(error: CallError | undefined, baseUrl: URL): Check | undefined {
  if (error === undefined || tokenStatuses.has(error.details.status)) return undefined;
  if (error.code === 'not_found' || error.code === 'method_not_allowed') {
    return failed(
      'api',
      `${baseUrl.href} is not the address of a Management API (HTTP ${error.details.status}).`,
      'Correct --base-url (SYNQLY_BASE_URL): the address without /v1.',
    );
  }
  return failed('api', error.message, String(error.toJSON().next ?? 'Try again.'));
}

function latencyOf({ answers }: Probe): string {
  const [first, second] = answers.map(({ milliseconds }) => `${Math.max(1, Math.round(milliseconds))} ms`);
  return `answers in ${first} with the connection${second ? `, then in ${second}` : ''}`;
}

/** Sends the token to the other region, which the user has asked for. */
async function tryOtherRegion(
  check: Check,
  { config, showProgress }: ApiOptions,
  bearer: string,
): Promise<Check> {
  const region = config.region.value;
  const other = region === 'us' ? 'eu' : 'us';
  const probe = openProbe(config, new URL(regions[other]));
  try {
    const { error } = await showProgress(`asking the region ${other}`, () =>
      settle(getOrganization((request) => probe.send(request, bearer))),
    );
    const [answer] = probe.answers;
    const details = { ...check.details, tried: other };
    const remediation = 'Put a valid organization token into the variable.';
    if (!answer)
      return failed(
        'token',
        `${check.message} The region ${other} cannot be asked: ${error?.message}`,
        remediation,
        details,
      );
    if (answer.status === 401)
      return failed('token', `Both regions refused the token (HTTP 401).`, remediation, details);
    return failed(
      'token',
      `The region ${region} refused the token; the region ${other} knows it.`,
      `Set SYNQLY_REGION=${other}, or --region ${other}.`,
      { ...details, reason: 'wrong_region' },
    );
  } finally {
    await probe.close();
  }
}

async function checkPinnedAccount(account: string, send: Send): Promise<Check> {
  const { value, error } = await settle(getAccount(send, account));
  if (error?.code === 'not_found') {
    return failed(
      'account',
      `There is no account ${JSON.stringify(account)}, to which this server is pinned.`,
      'Correct --account (SYNQLY_ACCOUNT).',
    );
  }
  if (!value) return skipped('account', `${account} cannot be read with this token`);
  return passed('account', `pinned to ${value.name} (${value.id})`);
}
