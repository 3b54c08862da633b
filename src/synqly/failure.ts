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
  return unsent.has(codeOf(error) ?? '');
}

/** The code of a Node or undici error; of several addresses tried, that of the first. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Turns whatever ended a request without a usable answer into an error; an abort carries its own as reason. */
export function explainFailure(error: unknown): CallError {
  if (error instanceof CallError) return error;
  const code = codeOf(error);
  const named = code === undefined ? '' : ` (${code})`;
  if (isUnsent(error))
    return new CallError('connection_failed', `${whyUnsent(code)}${named}`, { cause: error });
  if (code !== undefined && tlsCode.test(code)) {
    return new CallError('connection_failed', `The TLS certificate was not accepted${named}.`, {
      cause: error,
      retry: 'no',
      next: 'Check --base-url; for a private certificate authority set NODE_EXTRA_CA_CERTS.',
    });
  }
  return new CallError('connection_lost', `The connection to Synqly broke${named}.`, { cause: error });
}

function whyUnsent(code: string | undefined): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'The host name of Synqly could not be resolved';
  if (code === 'ECONNREFUSED') return 'Synqly refused the connection';
  return 'Synqly could not be reached';
}
