/*
 * Errors of the API. A handler throws what one of these functions returns; the server sends it as a `Problem` of
 * the fact sheet (schema Problem).
 */
import type { SandboxState } from './model.ts';

export type ParameterLocation = 'header' | 'path' | 'query' | 'body';

/** The input that caused a problem. In a body, `id` is a JSON Pointer. */
export interface Parameter {
  readonly id: string;
  readonly location: ParameterLocation;
  readonly value?: unknown;
}

/** A resource named in a problem (schema ResourceReference). */
export interface Resource {
  readonly type: string;
  readonly id: string;
  readonly rel: 'affected' | 'cause';
}

/** One root cause (schema ProblemCause); `type` is a slug that becomes a URI. */
export interface Cause {
  readonly type: string;
  readonly message: string;
  readonly detail?: string;
  readonly remediation?: string;
}

/** Optional details of a problem. */
export interface ProblemDetails {
  /** Slug of the problem type; by default that of the status. */
  readonly type?: string;
  readonly detail?: string;
  readonly remediation?: string;
  readonly parameter?: Parameter;
  readonly resources?: readonly Resource[];
  /** Underlying error as received from a provider. */
  readonly rawError?: string;
  readonly providerDetails?: Readonly<Record<string, string>>;
  readonly cause?: readonly Cause[];
  /** Response headers of this error. */
  readonly headers?: Readonly<Record<string, string>>;
}

const typeByStatus: Readonly<Record<number, string>> = {
  400: 'bad-request',
  401: 'unauthorized',
  402: 'payment-required',
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  409: 'conflict',
  413: 'content-too-large',
  415: 'unsupported-media-type',
  429: 'too-many-requests',
  500: 'internal-server-error',
  501: 'not-implemented',
  502: 'bad-gateway',
  503: 'service-unavailable',
  504: 'gateway-timeout',
};

/** An error with its HTTP status. */
export class ProblemError extends Error {
  readonly status: number;
  readonly details: ProblemDetails;

  constructor(status: number, message: string, details: ProblemDetails = {}) {
    super(message);
    this.name = 'ProblemError';
    this.status = status;
    this.details = details;
  }
}

/** 400: the request itself is wrong. */
export function badRequest(message: string, details: ProblemDetails = {}): ProblemError {
  return new ProblemError(400, message, details);
}

/** 401: no valid token. */
export function unauthorized(message: string, details: ProblemDetails = {}): ProblemError {
  return new ProblemError(401, message, {
    remediation: 'Send a valid organization token as `Authorization: Bearer <access secret>`.',
    ...details,
    headers: { 'www-authenticate': 'Bearer realm="synqly"', ...details.headers },
  });
}

/** 402: the organization is disabled, or its evaluation has ended. */
export function paymentRequired(): ProblemError {
  return new ProblemError(402, 'The organization is disabled.', {
    detail: 'Every request is refused while the organization is disabled or its evaluation has ended.',
    remediation: 'Contact Synqly to enable the organization.',
  });
}

/** 403: the token does not permit this. */
export function forbidden(message: string, details: ProblemDetails = {}): ProblemError {
  return new ProblemError(403, message, details);
}

const resourceTypes: ReadonlySet<string> = new Set([
  'account',
  'bridge',
  'credential',
  'integration_point',
  'integration',
  'member',
  'operation',
  'organization_webhook',
  'role',
  'sub_org',
  'token',
  'transform',
]);

/** 404: the object does not exist, or the caller cannot see it. `kind` is an entity kind or a plain noun. */
export function notFound(kind: string, id: string, details: ProblemDetails = {}): ProblemError {
  const resources: Resource[] = resourceTypes.has(kind) ? [{ type: kind, id, rel: 'cause' }] : [];
  return new ProblemError(404, `There is no ${kind.replaceAll('_', ' ')} "${id}".`, {
    remediation: 'Check the ID or name, and whether the token may see it.',
    ...(resources.length > 0 && { resources }),
    ...details,
  });
}

/** 405: the path exists, but not with this method. */
export function methodNotAllowed(method: string, allowed: readonly string[]): ProblemError {
  return new ProblemError(405, `${method} is not allowed on this path.`, {
    remediation: `Use ${allowed.join(' or ')}.`,
    headers: { allow: allowed.join(', ') },
  });
}

/** 409: the change conflicts with the current state. */
export function conflict(message: string, details: ProblemDetails = {}): ProblemError {
  return new ProblemError(409, message, details);
}

/** 415: the body is not declared as JSON. */
export function unsupportedMediaType(contentType: string | undefined): ProblemError {
  return new ProblemError(415, 'The request body must be JSON.', {
    remediation: 'Send `Content-Type: application/json`.',
    parameter: { id: 'Content-Type', location: 'header', value: contentType ?? null },
  });
}

/**
 * The schema-valid `Problem` of an error.
 * @param instance URI of this occurrence; generated by default.
 */
export function toBody(error: ProblemError, state: SandboxState, instance?: string): Record<string, unknown> {
  const { details } = error;
  const context = {
    ...(details.parameter && { parameter: details.parameter }),
    ...(details.resources && { resources: details.resources }),
    ...(details.rawError !== undefined && { raw_error: details.rawError }),
    ...(details.providerDetails && { provider_details: details.providerDetails }),
  };
  return {
    type: typeUri(details.type ?? typeByStatus[error.status] ?? 'problem'),
    occurred_at: state.timestamp(),
    status: error.status,
    instance: instance ?? `urn:uuid:${state.newId()}`,
    message: error.message,
    ...(details.detail !== undefined && { detail: details.detail }),
    ...(details.remediation !== undefined && { remediation: details.remediation }),
    ...(Object.keys(context).length > 0 && { context }),
    ...(details.cause && { cause: details.cause.map((one) => ({ ...one, type: typeUri(one.type) })) }),
  };
}

// The type URIs of the real API are not published; these intentionally do not resolve.
function typeUri(slug: string): string {
  return `https://sandbox.invalid/problems/${slug}`;
}
