/** MIME type of every resource. */
export const mimeType = 'application/json';

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
export interface Reads {
  readonly operation: string;
}

/** Resources at a fixed URI. */
export const fixedResources: readonly (Resource & Reads)[] = [
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

/** The one template. */
export const integrationTimeseries: ResourceTemplate & Reads = {
  uriTemplate: 'synqly://status/{account_id}/{integration_id}/timeseries',
  operation: 'status_get_integration_timeseries',
  name: 'integration-timeseries',
  title: 'Usage of an integration',
  description: 'Requests, failures and traffic of one integration over time, by ids or names.',
  mimeType,
};

/** An entry as clients are shown it. */
export const withoutOperation = <Entry extends Reads>({ operation, ...shown }: Entry) => shown;

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

export interface CompletionRequest {
  readonly uriTemplate: string;
  readonly argument: string;
  /** What has been typed so far. */
  readonly value: string;
  /** Other arguments of the template that are already chosen. */
  readonly chosen: Readonly<Record<string, string>>;
}

export interface Completion {
  readonly values: string[];
  readonly hasMore: boolean;
}
