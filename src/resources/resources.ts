import { runCall } from '../calls/call.ts';
import type { Session } from '../session.ts';
import { findOperation } from '../tools/catalogue.ts';
import { completeName } from './completion.ts';

const mimeType = 'application/json';

/** A resource as clients see it (MCP specification 2025-11-25, resources). */
interface Described {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mimeType: string;
}

export interface Resource extends Described {
  readonly uri: string;
}

export interface ResourceTemplate extends Described {
  readonly uriTemplate: string;
}

/** Each resource is what one read operation answers. */
interface Reads {
  readonly operation: string;
}

const fixed: readonly (Resource & Reads)[] = [
  {
    uri: 'synqly://openapi/management',
    operation: 'meta_managementOpenapiSpec',
    name: 'openapi-management',
    title: 'OpenAPI document of the Management API',
    description: 'Accounts, integrations, credentials, tokens and everything else these tools work on.',
    mimeType,
  },
  {
    uri: 'synqly://openapi/engine',
    operation: 'meta_engineOpenapiSpec',
    name: 'openapi-engine',
    title: 'OpenAPI document of the Engine API',
    description: 'The connector operations that integrations offer.',
    mimeType,
  },
  {
    uri: 'synqly://status/timeseries',
    operation: 'status_get_timeseries',
    name: 'status-timeseries',
    title: 'Usage of the organization',
    description: 'Requests, failures and traffic of all integrations over the last hour.',
    mimeType,
  },
];

const integrationTimeseries: ResourceTemplate & Reads = {
  uriTemplate: 'synqly://status/{account_id}/{integration_id}/timeseries',
  operation: 'status_get_integration_timeseries',
  name: 'integration-timeseries',
  title: 'Usage of an integration',
  description: 'Requests, failures and traffic of one integration over time, by ids or names.',
  mimeType,
};

const integrationTimeseriesUri = /^synqly:\/\/status\/([^/]+)\/([^/]+)\/timeseries$/;

const withoutOperation = <Entry extends Reads>({ operation, ...shown }: Entry) => shown;

export const resources: readonly Resource[] = fixed.map(withoutOperation);
export const resourceTemplates: readonly ResourceTemplate[] = [withoutOperation(integrationTimeseries)];

/** A resource that could not be read. `missing` tells an unknown URI from a failed read. */
export class ResourceError extends Error {
  readonly missing: boolean;
  /** What to hand to the client beside the message. */
  readonly data: unknown;

  constructor(message: string, missing: boolean, data: unknown) {
    super(message);
    this.name = 'ResourceError';
    this.missing = missing;
    this.data = data;
  }
}

export interface ResourceContents {
  readonly uri: string;
  readonly mimeType: string;
  readonly text: string;
}

/**
 * Reads a resource.
 *
 * @throws ResourceError
 */
export async function readResource(
  uri: string,
  session: Session,
  cancelled: AbortSignal,
): Promise<ResourceContents> {
  const read = resolve(uri);
  const operation = read && findOperation(read.operation);
  if (!operation) throw new ResourceError('Resource not found', true, { uri });
  const { value, error } = await runCall(operation, read.args, session, cancelled);
  if (!error) return { uri, mimeType, text: JSON.stringify(value) };
  const missing = error.code === 'not_found' || error.code === 'invalid_arguments';
  throw new ResourceError(missing ? 'Resource not found' : error.message, missing, {
    uri,
    ...(value as object),
  });
}

function resolve(uri: string): { operation: string; args: Record<string, string> } | undefined {
  const entry = fixed.find((one) => one.uri === uri);
  if (entry) return { operation: entry.operation, args: {} };
  const [, account, integration] = integrationTimeseriesUri.exec(uri) ?? [];
  if (account === undefined || integration === undefined) return undefined;
  const args = { account_id: decodePart(account), integration_id: decodePart(integration) };
  return { operation: integrationTimeseries.operation, args };
}

/** A part that is no valid percent-encoding is taken as it stands, and not found. */
function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export interface CompletionRequest {
  readonly uriTemplate: string;
  readonly argument: string;
  /** What has been typed so far. */
  readonly value: string;
  /** Other arguments of the template that are already chosen. */
  readonly chosen: Readonly<Record<string, string>>;
}

/** Names that complete an argument of a template; none for an unknown template or argument. */
export async function completeTemplate(
  request: CompletionRequest,
  session: Session,
  cancelled: AbortSignal,
): Promise<{ values: string[]; hasMore: boolean }> {
  const { argument, value, chosen } = request;
  if (request.uriTemplate !== integrationTimeseries.uriTemplate) return { values: [], hasMore: false };
  if (argument === 'account_id') return completeName('accounts_list', {}, value, session, cancelled);
  if (argument !== 'integration_id') return { values: [], hasMore: false };
  const account = chosen.account_id;
  return account
    ? completeName('integrations_list_account', { account_id: account }, value, session, cancelled)
    : completeName('integrations_list', {}, value, session, cancelled);
}
