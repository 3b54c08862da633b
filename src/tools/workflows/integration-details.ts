import type { JsonObject } from '../../lib/json.ts';
import { readBridge } from './bridges.ts';
import type { WorkflowRequest } from './define-workflow.ts';
import type { Integration } from './integrations.ts';
import { numberOf, objectOf, objectsOf, percentOf, textOf, timeOf, toMinute } from './values.ts';

/** What is known of an integration that is not healthy. */
export interface IntegrationDetails {
  /** When its status began, from its events. */
  readonly since: number | undefined;
  /** Whether it began before the events that were read. */
  readonly sinceEarlier: boolean;
  readonly error: string | undefined;
  /** The share of requests that failed in the last day. */
  readonly failed: string | undefined;
  readonly credential: string | undefined;
  /** Ids and names of the credentials that it uses. */
  readonly credentialIds: readonly string[];
  readonly bridge: string | undefined;
}

/** Events of the first request, which hold the beginning of most failures, and of the second. */
const eventsPerRequest = [200, 1_000] as const;

/** Characters of an error that are shown. */
const maxErrorLength = 160;

/** Reads the details of an integration with at most six requests, besides lists of bridges. */
export async function readDetails(one: Integration, request: WorkflowRequest): Promise<IntegrationDetails> {
  const [events, failed, credentials, bridge] = await Promise.all([
    readEvents(one, request),
    readFailures(one, request),
    readCredentials(one, request),
    readBridge(one, request),
  ]);
  return { ...events, failed, ...credentials, bridge };
}

const partsOf = ({ accountId, id }: Integration) => ({ account_id: accountId, integration_id: id });

/** The last error, and the first of the last events that have the same status. */
async function readEvents(
  one: Integration,
  { getRows }: WorkflowRequest,
): Promise<Pick<IntegrationDetails, 'since' | 'sinceEarlier' | 'error'>> {
  const events: JsonObject[] = [];
  let isEnd = false;
  for (const limit of eventsPerRequest) {
    const last = events.at(-1)?.created_at;
    const after = last === undefined ? {} : { start_after: last };
    const args = { ...partsOf(one), order: ['created_at[desc]'], ...after };
    const page = await getRows('status_list_events', args, { maxRows: limit });
    // Behind a page in another order, the API may begin again.
    const older = (page ?? []).filter(
      ({ created_at }) => last === undefined || (timeOf(created_at) ?? 0) < (timeOf(last) ?? 0),
    );
    events.push(...older);
    isEnd = page !== undefined && page.length < limit;
    if (isEnd || older.length === 0 || events.some(({ status }) => status !== events[0]?.status)) break;
  }
  const status = events[0]?.status;
  const other = events.findIndex((event) => event.status !== status);
  const first = other === -1 ? events.at(-1) : events[other - 1];
  const error = textOf(events.find((event) => textOf(event.error))?.error);
  return {
    since: timeOf(first?.created_at),
    sinceEarlier: other === -1 && !isEnd && events.length > 0,
    error: error && error.length > maxErrorLength ? `${error.slice(0, maxErrorLength)}…` : error,
  };
}

async function readFailures(one: Integration, { getObject }: WorkflowRequest): Promise<string | undefined> {
  const found = await getObject('status_get_integration_timeseries', partsOf(one));
  const steps = objectsOf(found?.series);
  const failed = steps.reduce((sum, step) => sum + numberOf(step.failed), 0);
  const succeeded = steps.reduce((sum, step) => sum + numberOf(step.succeeded), 0);
  const percent = percentOf(failed, failed + succeeded);
  return percent && `${percent} of ${failed + succeeded}`;
}

/** The credentials that an integration uses: kind, expiry, and when they were changed. */
async function readCredentials(
  one: Integration,
  { getObject, getRows, now }: WorkflowRequest,
): Promise<Pick<IntegrationDetails, 'credential' | 'credentialIds'>> {
  const used = referencesIn(one.object.provider_config);
  if (used.length === 0) return { credential: undefined, credentialIds: [] };
  const own = await getRows('credentials_list', { owner_id: one.id }, { mayBeMissing: true, maxRows: 100 });
  const known = (own ?? []).filter(
    ({ id, name }) => used.includes(String(id)) || used.includes(String(name)),
  );
  const isKnown = (reference: string) => known.some(({ id, name }) => [id, name].includes(reference));
  const missing = used.find((reference) => !isKnown(reference));
  // Credentials of the account belong to several integrations.
  const shared =
    missing === undefined
      ? undefined
      : await getObject('credentials_lookup', { credential_id: missing }, { mayBeMissing: true });
  const found = shared ? [...known, shared] : known;
  const isGone = missing !== undefined && !shared && own !== undefined;
  const texts = [
    ...found.map((credential) => describeCredential(credential, now)),
    ...(isGone ? ['not found'] : []),
  ];
  return {
    credential: texts.length > 0 ? texts.join('; ') : undefined,
    credentialIds: found.flatMap(({ id, name }) => [String(id), String(name)]),
  };
}

/** `token, expired 2026-08-01T00:00Z, changed 2026-07-01T10:00Z` */
export function describeCredential(credential: JsonObject, now: number): string {
  const type = textOf(objectOf(credential.config).type) ?? 'unknown type';
  const expires = timeOf(credential.expires);
  const [created, updated] = [timeOf(credential.created_at), timeOf(credential.updated_at)];
  const isChanged = updated !== undefined && created !== undefined && updated - created > 1_000;
  return [
    type,
    ...(expires === undefined ? [] : [`${expires <= now ? 'expired' : 'expires'} ${toMinute(expires)}`]),
    ...(isChanged ? [`changed ${toMinute(updated)}`] : []),
  ].join(', ');
}

/** Ids of credentials in a provider's configuration: `{"type":"token_id","value":"..."}`. */
export function referencesIn(config: unknown): readonly string[] {
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { type, value: id } = value as JsonObject;
    if (typeof type === 'string' && type.endsWith('_id') && typeof id === 'string') found.add(id);
    for (const part of Object.values(value)) visit(part);
  };
  visit(config);
  return [...found];
}
