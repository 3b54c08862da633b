import type { Sandbox } from '../../src/sandbox/start.ts';
import { getFrom, type Json, walk } from './workflows-support.ts';

/** What a person finds who walks all statuses, all events and all timeseries. */
export async function diagnoseByHand(
  sandbox: Sandbox,
): Promise<{ unhealthy: Json[]; idle: string[]; all: number }> {
  const statuses = await walk(
    sandbox,
    '/v1/status?expand=account&expand=integration',
    (row) => `${row.account_id},${row.integration_id}`,
  );
  const nameOf = ({ account, integration }: Json) => `${account.name}/${integration.name}`;
  const unhealthy: Json[] = [];
  for (const one of statuses.filter(({ status }) => status !== 'ok' && status !== 'unknown')) {
    const path = `/v1/status/${one.account_id}/${one.integration_id}`;
    const events = await walk(sandbox, `${path}/events`, ({ created_at }) => created_at);
    const last = events.at(-1);
    let first = last;
    for (const event of [...events].reverse()) {
      if (event.status !== last.status) break;
      first = event;
    }
    const { series } = (await getFrom(sandbox, `${path}/timeseries`)).result;
    const sum = (field: string) => series.reduce((all: number, step: Json) => all + step[field], 0);
    unhealthy.push({
      id: one.integration_id,
      key: nameOf(one),
      status: one.status,
      since: `${first.created_at.slice(0, 16)}Z`,
      error: last.error,
      failed: sum('failed'),
      requests: sum('failed') + sum('succeeded'),
    });
  }
  unhealthy.sort((one, other) => (one.key < other.key ? -1 : 1));
  const idle = statuses.filter(({ status }) => status === 'unknown').map(nameOf);
  return { unhealthy, idle, all: statuses.length };
}

/** The same of the rows of `diagnose_integrations`. */
export function diagnosed(rows: Json[]): Json[] {
  return rows.map(({ account, integration, status, since, error, failed_24h }) => ({
    key: `${account}/${integration}`,
    status,
    since,
    error,
    failed_24h,
  }));
}

export function asDiagnosed({ key, status, since, error, failed, requests }: Json): Json {
  const percent = (failed / requests) * 100;
  const share = percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent);
  return { key, status, since, error, failed_24h: `${share} % of ${requests}` };
}
