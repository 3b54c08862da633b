/*
 * Decides which tool to call next. In a real agent a model does this; these rules stand in for one, so that the example
 * runs without an account anywhere. The task: say which integrations fail and why, and delete the account of a trial.
 */

/** A call and what it returned. */
export interface Step {
  readonly tool: string;
  readonly args: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: the shape depends on the tool
  readonly result: any;
}

type Decision = Omit<Step, 'result'> | { readonly answer: string };

const trialAccount = 'aldermere-logistics-staging';

export function decide(history: readonly Step[]): Decision {
  const [status, events, deletion] = history;
  if (!status) return { tool: 'status_list', args: { filter: ['status[eq]error'], limit: 1 } };

  const [failing] = rowsOf(status.result);
  if (!failing) return { answer: 'No integration fails.' };
  const { account_id, integration_id } = failing;
  const newestError = { filter: ['status[eq]error'], order: ['created_at[desc]'], limit: 1 };
  if (!events) return { tool: 'status_list_events', args: { account_id, integration_id, ...newestError } };

  if (!deletion) return { tool: 'accounts_delete', args: { account_id: trialAccount } };

  const [event] = rowsOf(events.result);
  const { error } = deletion.result;
  return {
    answer: [
      `Integration ${integration_id} fails: ${JSON.stringify(event?.error)}`,
      error ? `${trialAccount} was kept (${error.code}).` : `${trialAccount} was deleted.`,
    ].join('\n'),
  };
}

/** Lists come as tables: a column with one value in all rows is in `same`. */
// biome-ignore lint/suspicious/noExplicitAny: the shape depends on the tool
function rowsOf({ same = {}, columns = [], rows = [] }: any): Record<string, unknown>[] {
  return rows.map((row: unknown[]) => ({
    ...same,
    ...Object.fromEntries(columns.map((column: string, index: number) => [column, row[index]])),
  }));
}
