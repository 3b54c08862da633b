import type { StopSignal } from '../lib/cancellation.ts';
import { stringifyJson } from '../lib/exact-json.ts';
import { isJsonObject } from '../lib/json.ts';
import { maxUriLength } from '../pipeline/arguments/text-limits.ts';
import { runOperationById } from '../pipeline/run-operation.ts';
import type { RequestContext } from '../request-context.ts';
import {
  documentPartOf,
  fixedResources,
  integrationTimeseries,
  mimeType,
  type ResourceContents,
  ResourceError,
} from './definitions.ts';

const integrationTimeseriesUri = /^synqly:\/\/status\/([^/]+)\/([^/]+)\/timeseries$/;

/**
 * Reads a resource.
 *
 * @throws ResourceError
 */
export async function readResource(
  uri: string,
  context: RequestContext,
  cancelled: StopSignal,
): Promise<ResourceContents> {
  if (uri.length > maxUriLength)
    throw new ResourceError(`The URI must have at most ${maxUriLength} characters.`, true, undefined);
  const target = resolve(uri);
  if (!target) throw new ResourceError('Resource not found', true, { uri });
  const { value, error } = await runOperationById(target.operation, target.args, context, cancelled, {
    acceptsPinned: true,
    whole: !target.document,
  });
  if (!error) {
    const text = stringifyJson(target.document ? withUris(value, target.document) : value);
    return { uri, mimeType, text };
  }
  const missing = ['not_found', 'invalid_arguments', 'outside_pin'].includes(error.code);
  throw new ResourceError(missing ? 'Resource not found' : error.message, missing, {
    uri,
    ...(value as object),
  });
}

/** The operation call that a URI stands for. */
interface ResourceTarget {
  readonly operation: string;
  readonly args: Record<string, string>;
  /** URI of the OpenAPI document, if the URI names one or a part of one. */
  readonly document?: string;
}

function resolve(uri: string): ResourceTarget | undefined {
  const documentPart = documentPartOf(uri);
  if (documentPart) {
    const { operation, document, part } = documentPart;
    return { operation, document, args: part ? { [part.argument]: decodePart(part.value) } : {} };
  }
  const entry = fixedResources.find((one) => one.uri === uri);
  if (entry) return { operation: entry.operation, args: {} };
  const [, account, integration] = integrationTimeseriesUri.exec(uri) ?? [];
  if (account === undefined || integration === undefined) return undefined;
  const args = { account_id: decodePart(account), integration_id: decodePart(integration) };
  return { operation: integrationTimeseries.operation, args };
}

/** Rewrites the `next` of a result, which names tool arguments, for URIs. */
function withUris(value: unknown, document: string): unknown {
  if (!isJsonObject(value)) return value;
  const { next, ...rest } = value;
  const [operation, schema] = [`${document}/operations/{operation}`, `${document}/schemas/{schema}`];
  const text = `${operation} takes an id, "METHOD /path" or a tag. ${schema} takes a name or an address: $ref, $cursor, $each with {name} replaced by one of $names, or one of other_parts. Values are percent-encoded.`;
  return { ...rest, next: text };
}

/** A part with invalid percent-encoding is used as it is, and not found. */
function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
