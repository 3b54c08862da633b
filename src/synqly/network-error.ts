import { describeProxyRefusal, mayPass, proxyStatusOf, proxyVariable } from '../config/proxy-environment.ts';
import { CallError } from '../errors.ts';

/** Codes of failures before anything was sent: a repeat is safe for every request. */
const unsent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTDOWN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** OpenSSL's and Node's names for a certificate or handshake that failed. */
const tlsCode = /CERT|^ERR_(TLS|SSL)|^UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)/;

/** Whether the request failed before it left this machine. */
export function isUnsent(error: unknown): boolean {
  const status = proxyStatusOf(error);
  return status === undefined ? unsent.has(codeOf(error) ?? '') || isBeforeTls(error) : mayPass(status);
}

/** Node has no code of its own for a server that hangs up on the handshake, as one that speaks no TLS does. */
function isBeforeTls(error: unknown): boolean {
  return error instanceof Error && /before secure TLS connection was established/.test(error.message);
}

/** The code of a Node or undici error; of several addresses tried, that of the first. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Turns whatever ended a request without a usable answer into an error; an abort carries its own as reason. */
export function toNetworkError(error: unknown): CallError {
  if (error instanceof CallError) return error;
  const status = proxyStatusOf(error);
  if (status !== undefined) {
    const { message, remediation } = describeProxyRefusal(status);
    return new CallError('connection_failed', message, {
      cause: error,
      retry: mayPass(status) ? 'safe' : 'no',
      remediation,
    });
  }
  const code = codeOf(error);
  const named = code === undefined ? '' : ` (${code})`;
  if (isUnsent(error))
    return new CallError('connection_failed', `${whyUnsent(code)}${named}`, { cause: error });
  if (code !== undefined && tlsCode.test(code)) {
    return new CallError('connection_failed', `The TLS certificate was not accepted${named}.`, {
      cause: error,
      retry: 'no',
      remediation: 'Check --base-url; for a private certificate authority set NODE_EXTRA_CA_CERTS.',
    });
  }
  return new CallError('connection_lost', `The connection to Synqly broke${named}.`, { cause: error });
}

function whyUnsent(code: string | undefined): string {
  const proxy = proxyVariable(process.env);
  const who = proxy === undefined ? 'Synqly' : `Synqly, or the proxy that ${proxy} names,`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `The host name of ${who.replace(/,$/, '')} could not be resolved`;
  if (code === 'ECONNREFUSED') return `${who} refused the connection`;
  return `${who} could not be reached`;
}
