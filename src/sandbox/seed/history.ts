/* The history of the last day: traffic of the integrations, runs of their jobs, and audit records. */
import { recordCall } from '../audit.ts';
import type { SandboxState, Stored, UsageOpening } from '../model.ts';
import { badRequest, conflict, forbidden, notFound, type ProblemError, toBody } from '../problem.ts';
import type { Random } from '../random.ts';
import type { Person, SeedContext } from './actor.ts';
import type { Invention, SampleHealth } from './customers.ts';
import type { SeedActors } from './organization.ts';

const minute = 60_000;
const hour = 60 * minute;

/** Further integrations have an hour of traffic instead of a day, to keep large sandboxes fast. */
const maxWithFullDay = 150;
const jobsWithRuns = 100;
const runsKept = 6;

/** Adds the integrations' counters and events up to now. */
export function runTraffic({ state, random }: SeedContext, inventions: readonly Invention[]): void {
  inventions.forEach(({ integration, health }, index) => {
    const since = Math.max(
      Date.parse(integration.created_at),
      state.now() - (index < maxWithFullDay ? 24 : 1) * hour,
    );
    state.usage.open(integration.id, { since, ...openingOf(health, state.now(), random) });
  });
}

function openingOf(health: SampleHealth, now: number, random: Random): UsageOpening {
  const perSpan = random.int(2, 9);
  const failing = (error: string) => ({
    traffic: { perSpan, failureShare: 0.003 },
    failing: { error, since: now - random.int(2, 9) * hour },
  });
  switch (health) {
    case 'idle':
      return {};
    case 'degraded':
      return { traffic: { perSpan: perSpan + 6, failureShare: 0.3 } };
    case 'refused':
      return failing('provider answered 401: credential was not accepted');
    case 'unreachable':
      return failing('dial tcp 203.0.113.40:443: connect: connection timed out');
    case 'healthy':
      return { traffic: { perSpan, failureShare: 0.003 } };
  }
}

/** Adds past runs of the scheduled jobs, and some jobs started through the Engine API. */
export function runJobs(stage: SeedContext, inventions: readonly Invention[]): void {
  const { state } = stage;
  const fates = new Map(
    inventions.map(({ integration, health }) => [integration.id, { integration, health }]),
  );
  const scheduled = state.jobs.slice(0, jobsWithRuns);
  for (const job of scheduled) {
    const found = fates.get(job.integration_id as string);
    if (!found) continue;
    for (let back = runsKept; back >= 1; back--) addRun(stage, job, found, back);
  }
  addStartedJobs(stage, scheduled);
  state.jobRuns.sort((left, right) => String(left.started_at).localeCompare(String(right.started_at)));
}

function addRun(
  { state, random }: SeedContext,
  job: Stored,
  { integration, health }: Invention,
  back: number,
): void {
  const started = state.now() - back * 4 * hour + random.int(0, 30 * minute);
  const failed = back <= 1 && (health === 'refused' || health === 'unreachable');
  const duration = failed ? random.int(200_000, 900_000) : random.int(2_000_000, 90_000_000);
  const records = failed ? 0 : random.int(0, 4_000);
  const pointId = integration.integration_point_id as string | undefined;
  state.jobRuns.push({
    execution_id: state.newId(),
    operation_id: job.id,
    started_at: new Date(started).toISOString(),
    completed_at: new Date(started + Math.ceil(duration / 1000)).toISOString(),
    account_id: job.account_id,
    integration_id: job.integration_id,
    ...(pointId && { integration_point_id: pointId }),
    operation: job.operation,
    trigger_type: 'SCHEDULED',
    trigger_source: pointId ?? job.integration_id,
    status: 'COMPLETE',
    records_processed: records,
    cpu_time: records * 40 + 1_500,
    in_bytes: records * 900,
    duration,
    ...(failed && {
      error:
        health === 'refused' ? 'provider answered 401: credential was not accepted' : 'provider unreachable',
    }),
  });
}

function addStartedJobs({ state, random }: SeedContext, scheduled: readonly Stored[]): void {
  const states = ['COMPLETE', 'PROCESSING', 'CANCELLED'] as const;
  states.forEach((status, index) => {
    const like = scheduled[index];
    if (!like) return;
    const id = state.newId();
    const created = new Date(state.now() - (index + 1) * 3 * hour).toISOString();
    state.jobs.push({
      ...like,
      id,
      name: id,
      created_at: created,
      updated_at: new Date(Date.parse(created) + 10 * minute).toISOString(),
      status,
      input: { limit: 500 },
      cpu_time: random.int(10_000, 200_000),
      in_bytes: random.int(10_000, 900_000),
      ...(status === 'CANCELLED' && { errors: [{ message: 'Cancelled by the caller.' }] }),
    });
  });
}

/** Adds the successful and failed calls of the last day. The clock advances by `span` milliseconds. */
export function recordDay(
  stage: SeedContext,
  cast: SeedActors,
  inventions: readonly Invention[],
  span: number,
): void {
  const calls = dayOfCalls(stage.state, cast, inventions);
  const step = Math.floor(span / (calls.length + 1));
  for (const { person, method, path, status = 200, body, problem, concerns = {} } of calls) {
    stage.advance(step);
    recordCall(stage.state, {
      method,
      path,
      status: problem?.status ?? status,
      requestBody: body,
      responseText: problem ? JSON.stringify(toBody(problem, stage.state)) : '',
      remoteAddress: person.address,
      userAgent: person.userAgent,
      memberId: person.memberId,
      concerns,
    });
  }
}

interface PastCall {
  readonly person: Person;
  readonly method: string;
  readonly path: string;
  readonly status?: number;
  readonly body?: unknown;
  readonly problem?: ProblemError;
  readonly concerns?: Record<string, string>;
}

function dayOfCalls(state: SandboxState, cast: SeedActors, inventions: readonly Invention[]): PastCall[] {
  const { support, manager, provisioner, administrator } = cast;
  const reads = inventions.slice(0, 8).flatMap(({ integration }): PastCall[] => {
    const { id, account_id } = integration;
    const concerns = { account_id: account_id as string, integration_id: id, environment: 'prod' };
    const base = `/v1/status/${account_id}/${id}`;
    return [
      { person: support, method: 'GET', path: base, concerns },
      { person: support, method: 'GET', path: `${base}/events`, concerns },
    ];
  });
  const failing = inventions.find(({ health }) => health === 'refused')?.integration;
  const credential = failing && state.collections.credential.all(failing.id)[0];
  return [
    { person: provisioner, method: 'GET', path: '/v1/accounts' },
    ...reads,
    {
      person: provisioner,
      method: 'POST',
      path: '/v1/accounts',
      body: { name: 'aldermere-logistics' },
      problem: conflict('The name "aldermere-logistics" is already in use.'),
    },
    {
      person: manager,
      method: 'GET',
      path: '/v1/accounts/aldermere',
      problem: notFound('account', 'aldermere'),
    },
    {
      person: support,
      method: 'GET',
      path: '/v1/integrations',
      problem: badRequest('Unknown filter field "state".', {
        parameter: { id: 'filter', location: 'query', value: 'state[eq]failed' },
      }),
    },
    {
      person: support,
      method: 'DELETE',
      path: `/v1/integrations/${failing?.account_id}/${failing?.id}`,
      problem: forbidden('The token does not permit this operation.'),
    },
    // The real audit log may repeat sensitive values; so does this record.
    ...(credential
      ? [
          {
            person: administrator,
            method: 'PATCH',
            path: `/v1/credentials/${failing.id}/${credential.id}`,
            body: [{ op: 'replace', path: '/config/secret', value: 'invalid-typed-in-by-hand' }],
            concerns: { account_id: failing.account_id as string, environment: 'prod' },
          },
        ]
      : []),
    { person: administrator, method: 'GET', path: '/v1/organization' },
  ];
}
