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
    description:
      'Outline: accounts, integrations, credentials, tokens and everything else these tools work on.',
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

/** Usage, by account and integration. */
export const integrationTimeseries: ResourceTemplate & Reads = {
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
  .flatMap(({ uri, operation, name, title }): (ResourceTemplate & Reads)[] => [
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
export const resourceTemplates: readonly (ResourceTemplate & Reads)[] = [
  ...documentParts,
  integrationTimeseries,
];

/** An entry as clients are shown it. */
export const withoutOperation = <Entry extends Reads>({ operation, ...shown }: Entry) => shown;

/** An OpenAPI document that a URI, or a URI template, is about. */
export interface DocumentPart extends Reads {
  /** URI of the document. */
  readonly document: string;
  /** Which argument says what part it is, and its value as it stands in the URI; none for the outline. */
  readonly part: { readonly argument: 'operation' | 'schema'; readonly value: string } | undefined;
}

/** Takes the URI of a document, or of a part of one, apart; undefined for any other. */
export function documentPartOf(uri: string): DocumentPart | undefined {
  const [, document, kind, value = ''] =
    /^(synqly:\/\/openapi\/[^/]+)(?:\/(operation|schema)s\/(.+))?$/.exec(uri) ?? [];
  const entry = fixedResources.find((one) => one.uri === document);
  if (!entry || document === undefined) return undefined;
  const argument = kind as 'operation' | 'schema' | undefined;
  return { operation: entry.operation, document, part: argument && { argument, value } };
}

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
