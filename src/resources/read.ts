import { runOperation } from '../calls/call.ts';
import type { Session } from '../session.ts';
import {
  fixedResources,
  integrationTimeseries,
  mimeType,
  type ResourceContents,
  ResourceError,
} from './resources.ts';

const integrationTimeseriesUri = /^synqly:\/\/status\/([^/]+)\/([^/]+)\/timeseries$/;

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
  if (!read) throw new ResourceError('Resource not found', true, { uri });
  const { value, error } = await runOperation(read.operation, read.args, session, cancelled, {
    takes: 'pinned too',
    whole: true,
  });
  if (!error) return { uri, mimeType, text: JSON.stringify(value) };
  const missing = ['not_found', 'invalid_arguments', 'outside_pin'].includes(error.code);
  throw new ResourceError(missing ? 'Resource not found' : error.message, missing, {
    uri,
    ...(value as object),
  });
}

function resolve(uri: string): { operation: string; args: Record<string, string> } | undefined {
  const entry = fixedResources.find((one) => one.uri === uri);
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
