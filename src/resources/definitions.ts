/** MIME type of every resource. */
export const mimeType = 'application/json';

/** A resource as clients see it (MCP specification 2025-11-25, resources). */
interface ResourceMetadata {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mimeType: string;
}

export interface Resource extends ResourceMetadata {
  readonly uri: string;
}

export interface ResourceTemplate extends ResourceMetadata {
  readonly uriTemplate: string;
}

/** The operation whose result is the resource. */
export interface ReadBy {
  readonly operation: string;
}

/** Resources at a fixed URI. */
export const fixedResources: readonly (Resource & ReadBy)[] = [
  {
    uri: 'synqly://openapi/management',
    operation: 'meta_managementOpenapiSpec',
    name: 'openapi-management',
    title: 'OpenAPI document of the Management API',
    description:
      'Outline: accounts, integrations, credentials, tokens and everything else that these tools manage.',
    mimeType,
  },
  {
    uri: 'synqly://openapi/engine',
    operation: 'meta_engineOpenapiSpec',
    name: 'openapi-engine',
    title: 'OpenAPI document of the Engine API',
    description: 'Outline: the connector operations that integrations offer.',
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

/** Usage of one integration. */
export const integrationTimeseries: ResourceTemplate & ReadBy = {
  uriTemplate: 'synqly://status/{account_id}/{integration_id}/timeseries',
  operation: 'status_get_integration_timeseries',
  name: 'integration-timeseries',
  title: 'Usage of an integration',
  description: 'Requests, failures and traffic of one integration over time, by ids or names.',
  mimeType,
};

/** Parts of the OpenAPI documents; the variable of each template is the argument of its operation. */
const documentParts = fixedResources
  .filter(({ uri }) => uri.startsWith('synqly://openapi/'))
  .flatMap(({ uri, operation, name, title }): (ResourceTemplate & ReadBy)[] => [
    {
      uriTemplate: `${uri}/operations/{operation}`,
      operation,
      name: `${name}-operation`,
      title: `${title}: one operation`,
      description: 'By its id or METHOD /path; the operations of a tag, by the tag.',
      mimeType,
    },
    {
      uriTemplate: `${uri}/schemas/{schema}`,
      operation,
      name: `${name}-schema`,
      title: `${title}: one schema`,
      description: 'By its name; any other part of the document, by its address.',
      mimeType,
    },
  ]);

/** All templates. */
export const resourceTemplates: readonly (ResourceTemplate & ReadBy)[] = [
  ...documentParts,
  integrationTimeseries,
];

/** An entry as it is published to clients. */
export const withoutOperation = <Entry extends ReadBy>({ operation, ...shown }: Entry) => shown;

/** The OpenAPI document, or the part of it, that a URI or URI template names. */
export interface DocumentPart extends ReadBy {
  /** URI of the document. */
  readonly document: string;
  /** The argument that selects the part, and its value as written in the URI; undefined for the outline. */
  readonly part: { readonly argument: 'operation' | 'schema'; readonly value: string } | undefined;
}

/** Parses the URI of a document or of a part of one; undefined for any other URI. */
export function documentPartOf(uri: string): DocumentPart | undefined {
  const [, document, kind, value = ''] =
    /^(synqly:\/\/openapi\/[^/]+)(?:\/(operation|schema)s\/(.+))?$/.exec(uri) ?? [];
  const entry = fixedResources.find((one) => one.uri === document);
  if (!entry || document === undefined) return undefined;
  const argument = kind as 'operation' | 'schema' | undefined;
  return { operation: entry.operation, document, part: argument && { argument, value } };
}

/** A resource that could not be read. `missing` is true for an unknown URI and false for a failed read. */
export class ResourceError extends Error {
  readonly missing: boolean;
  /** `data` of the protocol error. */
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
  /** The text typed so far. */
  readonly value: string;
  /** Values already chosen for other arguments of the template. */
  readonly chosen: Readonly<Record<string, string>>;
}

export interface Completion {
  readonly values: string[];
  readonly hasMore: boolean;
}
