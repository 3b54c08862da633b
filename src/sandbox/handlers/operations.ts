/*
 * Asynchronous operations (jobs) and their past runs. The Management API only lists them.
 */
import type { Answer, Handlers, SandboxRequest, Stored } from '../model.ts';
import { badRequest } from '../problem.ts';
import { listPage } from '../query.ts';

type Run = Record<string, unknown>;

// The fields by which runs can be filtered, with their operators (x-filter-fields of the fact sheet).
const runFilters: Readonly<Record<string, readonly string[]>> = {
  id: ['eq'],
  integration_id: ['eq'],
  account_id: ['eq'],
  execution_id: ['eq'],
  operation_id: ['eq'],
  started_at: ['gt', 'gte', 'lt', 'lte'],
};

/** Handlers of the operations group. */
export const operationsHandlers: Handlers = {
  operations_list: (request) => {
    const jobs = request.state.jobs.filter((job) => inReach(request, job)).map(withoutName);
    return {
      status: 200,
      body: listPage(jobs, request, { cursor: 'id' }),
    };
  },
  operations_list_execution_history: listRuns,
};

function listRuns(request: SandboxRequest): Answer {
  for (const text of request.query.filter ?? []) checkRunFilter(text);
  const runs = request.state.jobRuns.filter((run) => inReach(request, run));
  // In filters, unlike in the runs themselves, `id` is the operation's id and `operation_id` its name.
  const { result } = listPage(runs, request, {
    cursor: 'started_at',
    defaultOrder: 'started_at[desc]',
    maxLimit: 500,
    filterable: { id: (run: Run) => run.operation_id, operation_id: (run: Run) => run.operation },
  });
  return { status: 200, body: { result } };
}

function checkRunFilter(text: string): void {
  const [, field = '', operator = ''] = /^([^[\]]*)\[([^[\]]*)\]/.exec(text) ?? [];
  const operators = Object.hasOwn(runFilters, field) ? runFilters[field] : undefined;
  if (operators?.includes(operator)) return;
  const known = Object.entries(runFilters).map(([name, names]) => `${name} (${names.join(', ')})`);
  throw badRequest(`Runs cannot be filtered by "${text}".`, {
    remediation: `Known: ${known.join('; ')}.`,
    parameter: { id: 'filter', location: 'query', value: text },
  });
}

function inReach(request: SandboxRequest, item: Run): boolean {
  const { account, integration } = request.state.collections;
  const owner = account.find(String(item.account_id));
  if (owner && !request.reaches('account', owner)) return false;
  const target = integration.find(String(item.integration_id));
  return target === undefined || request.reaches('integration', target);
}

// Jobs have ids only; the type requires a name.
function withoutName({ name: _name, ...job }: Stored): Run {
  return job;
}
