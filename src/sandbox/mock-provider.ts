/*
 * The providers of the sandbox. None is contacted: the outcome depends on the configuration alone, so that a
 * failure can be provoked.
 */
import type { SandboxState } from './model.ts';
import { badRequest, ProblemError } from './problem.ts';
import type { ProviderFact } from './provider-facts.ts';

/** How to make a provider of the sandbox refuse, explained for people. */
export const refusalRule =
  'A provider of the sandbox refuses a credential in which any value begins with `bad-` or `invalid`, or ' +
  'which has expired. A URL whose host ends in `.invalid` cannot be resolved (502); a host whose first ' +
  'label is 501, 502, 503 or 504, such as `504.example.com`, answers that status. All else works.';

/** A credential as the provider would see it. */
export interface PresentedCredential {
  /** JSON Pointer of its field, for the error. */
  readonly pointer: string;
  readonly values: unknown;
  /** Expiry as an RFC 3339 time. */
  readonly expires?: string | undefined;
}

/** Why a provider check failed. */
export interface Refusal {
  /** `credential`: the provider rejected the credential. `unreachable`: it gave no usable response. */
  readonly kind: 'credential' | 'unreachable';
  readonly problem: ProblemError;
}

const answers: Readonly<Record<string, { raw: string; message: string }>> = {
  501: { raw: '501 Not Implemented', message: 'does not implement what the connector asks for' },
  502: { raw: '502 Bad Gateway', message: 'could not be reached through its gateway' },
  503: { raw: '503 Service Unavailable', message: 'is not available at present' },
  504: { raw: 'context deadline exceeded (Client.Timeout exceeded)', message: 'did not answer in time' },
};

/** Simulates contacting the provider; undefined on success. See `refusalRule`. */
export function contactProvider(
  state: Pick<SandboxState, 'now'>,
  provider: ProviderFact,
  config: Readonly<Record<string, unknown>>,
  credentials: readonly PresentedCredential[],
): Refusal | undefined {
  for (const host of hostsIn(config)) {
    const problem = unreachable(provider, host);
    if (problem) return { kind: 'unreachable', problem };
  }
  for (const credential of credentials) {
    const reason = faultOf(credential, state.now());
    if (reason) return { kind: 'credential', problem: refused(provider, credential, reason) };
  }
  return undefined;
}

function unreachable(provider: ProviderFact, host: string): ProblemError | undefined {
  if (host === 'invalid' || host.endsWith('.invalid'))
    return new ProblemError(502, `${provider.title} could not be reached.`, {
      detail: `The host name ${host} cannot be resolved.`,
      remediation: 'Correct the URL in provider_config, or reach the provider through a bridge.',
      rawError: `dial tcp: lookup ${host}: no such host`,
      providerDetails: { host, message: 'no such host' },
    });
  const status = host.split('.')[0] ?? '';
  const answer = answers[status];
  if (!answer) return undefined;
  return new ProblemError(Number(status), `${provider.title} ${answer.message}.`, {
    remediation: 'Check the URL in provider_config; if it is right, try again later.',
    rawError: `${host}: ${answer.raw}`,
    providerDetails: { host, status, message: answer.raw },
  });
}

function faultOf(credential: PresentedCredential, now: number): string | undefined {
  if (credential.expires !== undefined && Date.parse(credential.expires) <= now)
    return 'credential has expired';
  return stringsIn(credential.values).some((value) => /^(bad-|invalid)/i.test(value))
    ? 'invalid credentials'
    : undefined;
}

function refused(provider: ProviderFact, credential: PresentedCredential, reason: string): ProblemError {
  return badRequest(`${provider.title} refused the credential.`, {
    detail: 'The provider was reached, and answered 401 Unauthorized.',
    parameter: { id: credential.pointer, location: 'body' },
    remediation: 'Check the credential with the provider and store a valid one.',
    rawError: `401 Unauthorized: {"error":"${reason}"}`,
    providerDetails: { status: '401', message: reason },
  });
}

function hostsIn(config: unknown): string[] {
  return stringsIn(config)
    .filter((value) => /^https?:\/\//i.test(value) && URL.canParse(value))
    .map((value) => new URL(value).hostname);
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(stringsIn);
}
