/* Scheduled operations of integrations and integration points, and their jobs. */
import type { SandboxState, Stored } from './model.ts';
import { badRequest } from './problem.ts';

/** The fields of schema OperationSchedule that are used here. */
interface Schedule {
  readonly operation: string;
  readonly enabled: boolean;
  readonly frequency: { readonly value: string };
  readonly filters?: readonly string[] | null;
  readonly backfill_from_time?: string | null;
}

const minutes: Readonly<Record<string, number>> = { s: 1 / 60, m: 1, h: 60, d: 24 * 60 };
const year = 366 * 24 * 60;

/**
 * Checks schedules against a connector category and the limits: every 5 minutes at most, one year back at
 * most. 400 that names the offending field.
 * @param root JSON Pointer to the holder of `scheduled_operations` within the request body.
 */
export function checkSchedules(given: unknown, category: string, now: number, root = ''): void {
  schedulesOf(given).forEach((schedule, index) => {
    const place = `${root}/scheduled_operations/${index}`;
    const refuse = (field: string, message: string, value: string) =>
      badRequest(message, { parameter: { id: `${place}/${field}`, location: 'body', value } });
    const { operation, frequency, backfill_from_time: backfill } = schedule;
    if (!operation.startsWith(`${category}_`))
      throw refuse('operation', `${operation} is not an operation of the ${category} connector.`, operation);
    const interval = toMinutes(frequency.value);
    if (interval === undefined || interval < 5)
      throw refuse(
        'frequency/value',
        'The interval must be a duration of at least 5m, such as 30m, 4h or 1d.',
        frequency.value,
      );
    if (typeof backfill !== 'string') return;
    const back = toMinutes(backfill) ?? (now - Date.parse(backfill)) / 60_000;
    if (Number.isNaN(back) || back > year)
      throw refuse(
        'backfill_from_time',
        'The backfill must be an RFC 3339 time or a span such as 7d, at most one year back.',
        backfill,
      );
  });
}

/** Updates the jobs of an integration to its schedules: one for each enabled schedule, and no other waiting ones. */
export function syncJobs(state: SandboxState, integration: Stored): void {
  const wanted = schedulesOf(integration.scheduled_operations).filter(({ enabled }) => enabled);
  const kept = new Set(wanted.map(({ operation }) => operation));
  dropJobs(
    state,
    (job) => job.integration_id === integration.id && isWaiting(job) && !kept.has(String(job.operation)),
  );
  for (const { operation, filters } of wanted) {
    const known = state.jobs.some(
      (job) => job.integration_id === integration.id && isWaiting(job) && job.operation === operation,
    );
    if (known) continue;
    const id = state.newId();
    const time = state.timestamp();
    state.jobs.push({
      id,
      name: id,
      created_at: time,
      updated_at: time,
      account_id: integration.account_id,
      integration_id: integration.id,
      operation,
      input: filters ? { filters: [...filters] } : {},
      status: 'SCHEDULED',
      cpu_time: 0,
      in_bytes: 0,
    });
  }
}

/** Removes the jobs of an integration; past runs stay. */
export function removeJobsOf(state: SandboxState, integrationId: string): void {
  dropJobs(state, (job) => job.integration_id === integrationId);
}

function dropJobs(state: SandboxState, goes: (job: Stored) => boolean): void {
  const left = state.jobs.filter((job) => !goes(job));
  state.jobs.splice(0, state.jobs.length, ...left);
}

function isWaiting(job: Stored): boolean {
  return job.status === 'SCHEDULED';
}

function schedulesOf(given: unknown): readonly Schedule[] {
  return Array.isArray(given) ? (given as Schedule[]) : [];
}

function toMinutes(duration: string): number | undefined {
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(duration) ?? [];
  return count === undefined ? undefined : Number(count) * (minutes[unit] ?? 0);
}
