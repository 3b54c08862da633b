import { CallError, dropUndefined, type ErrorCode, type Retry } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../lib/json.ts';
import { isSecretName, withheld } from '../lib/secret-names.ts';
import type { ApiResponse } from './response.ts';
import { boundId } from './response-meta.ts';

const codeByStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_request',
  401: 'unauthorized',
  402: 'payment_required',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'conflict',
  415: 'unsupported_media_type',
  429: 'rate_limited',
  500: 'server_error',
  501: 'gateway_error',
  502: 'gateway_error',
  503: 'gateway_error',
  504: 'gateway_error',
};

const sentences: Partial<Record<ErrorCode, string>> = {
  invalid_request: 'Synqly refused the request.',
  unauthorized: 'Synqly did not accept the token.',
  payment_required: 'The organization is disabled.',
  forbidden: 'The token does not have permission for this.',
  not_found: 'Synqly has no such object.',
  method_not_allowed: 'Synqly does not allow this method here.',
  conflict: 'The change conflicts with the current state.',
  unsupported_media_type: 'Synqly did not accept the content type.',
  rate_limited: 'Synqly is limiting requests.',
  gateway_error: 'The provider, or a gateway in between, failed.',
  server_error: 'Synqly failed to process the request.',
};

/**
 * Converts an error response to an error. A body in the Problem format (Synqly Management API, schema Problem) is
 * read; any other body is described, not quoted.
 */
export function toCallError(answer: ApiResponse): CallError {
  const { status } = answer;
  const code = codeOf(status);
  const problem = isJsonObject(answer.body) ? answer.body : undefined;
  return new CallError(
    code,
    `${sentences[code] ?? 'Synqly returned an unexpected status.'} (HTTP ${status})`,
    {
      status,
      requestId: answer.requestId ?? instanceOf(problem),
      retryAfter: answer.retryAfter,
      retry: retryOf(status),
      upstream: problem ? describeProblem(problem) : { body: answer.description },
    },
  );
}

/** Synqly puts the request id in the problem's `instance`. */
function instanceOf(problem: JsonObject | undefined): string | undefined {
  const instance = text(problem?.instance);
  return instance === undefined ? undefined : boundId(instance);
}

function codeOf(status: number): ErrorCode {
  if (status >= 300 && status < 400) return 'redirected';
  return codeByStatus[status] ?? (status >= 500 ? 'server_error' : 'unexpected_status');
}

function retryOf(status: number): Retry {
  if (status === 429) return 'safe';
  if (status === 501 || status < 500) return 'no';
  return 'check';
}

/**
 * `auth_logon` and `auth_change_password` report their outcome in `result.auth_code`: a success status is
 * not yet a success (Synqly Management API, schema AuthCode).
 *
 * @throws CallError `authentication_failed`
 */
export function assertAuthenticated(answer: ApiResponse): void {
  const result =
    isJsonObject(answer.body) && isJsonObject(answer.body.result) ? answer.body.result : undefined;
  const authCode = text(result?.auth_code);
  if (authCode === undefined || authCode === 'success') return;
  throw new CallError('authentication_failed', 'Synqly refused the authentication.', {
    status: answer.status,
    requestId: answer.requestId,
    authCode,
    upstream: dropUndefined({ auth_msg: text(result?.auth_msg) }),
  });
}

function describeProblem(problem: JsonObject): JsonObject {
  const context = isJsonObject(problem.context) ? problem.context : {};
  const causes = Array.isArray(problem.cause) ? problem.cause.filter(isJsonObject) : [];
  return dropUndefined({
    message: text(problem.message),
    detail: text(problem.detail),
    remediation: text(problem.remediation),
    // The types are not documented, and add nothing to a message.
    type: text(problem.message) === undefined ? text(problem.type) : undefined,
    parameter: describeParameter(context.parameter),
    resources:
      Array.isArray(context.resources) && context.resources.length > 0 ? context.resources : undefined,
    raw_error: text(context.raw_error),
    provider_details: isJsonObject(context.provider_details)
      ? withholdNamed(context.provider_details)
      : undefined,
    causes: causes.length > 0 ? causes.map(describeProblem) : undefined,
  });
}

function describeParameter(parameter: unknown): JsonObject | undefined {
  if (!isJsonObject(parameter)) return undefined;
  // Its value may be a secret. The caller knows what it sent.
  return dropUndefined({ id: text(parameter.id), location: text(parameter.location) });
}

/** Provider details are free-form: fields named like secrets are withheld. */
function withholdNamed(details: JsonObject): JsonObject {
  const entries = Object.entries(details);
  return Object.fromEntries(entries.map(([name, value]) => [name, isSecretName(name) ? withheld : value]));
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
