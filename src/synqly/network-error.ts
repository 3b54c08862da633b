import {
  describeProxyRefusal,
  isTransient,
  proxyStatusOf,
  proxyVariable,
} from '../config/proxy-environment.ts';
import { CallError } from '../errors.ts';

/** Codes of errors before anything was sent: every request may be repeated. */
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

/** OpenSSL's and Node's codes for a failed certificate check or handshake. */
const tlsCode = /CERT|^ERR_(TLS|SSL)|^UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)/;

/** Whether the request failed before it was sent. */
export function isUnsent(error: unknown): boolean {
  const status = proxyStatusOf(error);
  return status === undefined ? unsent.has(codeOf(error) ?? '') || isBeforeTls(error) : isTransient(status);
}

/** Whether the handshake of TLS failed, or a certificate was not accepted. */
export function isTlsError(error: unknown): boolean {
  return isBeforeTls(error) || tlsCode.test(codeOf(error) ?? '');
}

/** Node has no code for a server that closes the connection during the handshake, such as one without TLS. */
function isBeforeTls(error: unknown): boolean {
  return error instanceof Error && /before secure TLS connection was established/.test(error.message);
}

/** The code of a Node or undici error; if several addresses were tried, that of the first. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Converts a failed request's error to a CallError; the reason of an abort is one already. */
export function toNetworkError(error: unknown): CallError {
  if (error instanceof CallError) return error;
  const status = proxyStatusOf(error);
  if (status !== undefined) {
    const { message, remediation } = describeProxyRefusal(status);
    return new CallError('connection_failed', message, {
      cause: error,
      retry: isTransient(status) ? 'safe' : 'no',
      remediation,
    });
  }
  const code = codeOf(error);
  const named = code === undefined ? '' : ` (${code})`;
  if (isUnsent(error))
    return new CallError('connection_failed', `${describeUnsent(code)}${named}`, { cause: error });
  if (code !== undefined && tlsCode.test(code)) {
    return new CallError(
      'connection_failed',
      `The TLS certificate of the host is not valid or not trusted${named}.`,
      {
        cause: error,
        retry: 'no',
        remediation:
          'The administrator must check --base-url, and for a private certificate authority set NODE_EXTRA_CA_CERTS.',
      },
    );
  }
  return new CallError('connection_lost', `The connection to Synqly broke${named}.`, { cause: error });
}

function describeUnsent(code: string | undefined): string {
  const proxy = proxyVariable(process.env);
  const who = proxy === undefined ? 'Synqly' : `Synqly, or the proxy in ${proxy},`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `The host name of ${who.replace(/,$/, '')} could not be resolved`;
  if (code === 'ECONNREFUSED') return `${who} refused the connection`;
  return `${who} could not be reached`;
}
