import { connectInProcess } from '../../app/in-process-client.ts';
import { policyOf } from '../../app/policy-from-config.ts';
import { prepareConnection } from '../../app/synqly-connection.ts';
import { loadConfig } from '../../config/load-config.ts';
import type { Exchange } from '../../sandbox/app.ts';
import { type Sandbox, startSandbox } from '../../sandbox/start.ts';
import type { Cost } from './measure.ts';
import { tokensOf, tokensOfJson } from './tokens.ts';

/** The cost of a result, beside that of Synqly's response. */
export interface AnswerCost extends Cost {
  readonly tool: string;
  readonly arguments: object;
  /** Tokens of Synqly's own response, if it was called. */
  readonly rawTokens?: number;
}

/** Number of accounts in the sandbox; its seed and clock are fixed. */
export const sandboxAccounts = 100;
const clock = '2026-09-01T12:00:00Z';

type Call = readonly [what: string, tool: string, args: object];

const account_id = 'ashbourne-bank';
const splunk = { account_id: 'aldermere-logistics', integration_id: 'siem-splunk' };
const fields = { provider_id: 'siem_splunk', expand: ['provider_config'] };

/** The most common calls and errors. */
const typicalCalls: readonly Call[] = [
  [`all ${sandboxAccounts}`, 'accounts_list', {}],
  ['the first 10', 'accounts_list', { limit: 10 }],
  ['one', 'accounts_get', { account_id }],
  ['the first 100', 'integrations_list', {}],
  ['all of an account', 'integrations_list_account', { account_id }],
  ['the first 100', 'status_list', {}],
  ['those that fail', 'status_list', { filter: ['status[eq]error'] }],
  ['one', 'status_get', splunk],
  ['5 of one', 'status_list_events', { ...splunk, limit: 5 }],
  ['the last 20', 'audit_list', { limit: 20, order: ['created_at[desc]'] }],
  ['all', 'members_list', {}],
  ['all', 'tokens_list', {}],
  ['all', 'capabilities_list_providers', {}],
  ['a search', 'capabilities_list_providers', { search: 'edr' }],
  ['fields', 'capabilities_get_provider', fields],
  ['outline', 'meta_managementOpenapiSpec', {}],
  ['an operation', 'meta_managementOpenapiSpec', { operation: 'integrations_create' }],
  ['with undo', 'accounts_update', { account_id, fullname: 'Ashbourne Bank plc' }],
  ['of a delete', 'preview_call', { tool: 'accounts_delete', arguments: { account_id } }],
  ['error: not found', 'accounts_get', { account_id: 'nobody' }],
  ['error: arguments', 'accounts_create', { fullname: 7 }],
];

/** Measures the results of typical calls. */
export async function costsOfAnswers(): Promise<readonly AnswerCost[]> {
  const exchanges: Exchange[] = [];
  const sandbox = await startSandbox({
    seed: 1,
    size: sandboxAccounts,
    clock,
    onExchange: (exchange) => exchanges.push(exchange),
  });
  try {
    return await measure(sandbox, exchanges);
  } finally {
    await sandbox.close();
  }
}

async function measure(sandbox: Sandbox, exchanges: Exchange[]): Promise<readonly AnswerCost[]> {
  // Ignores the user's settings, so that results are comparable.
  const config = loadConfig({ baseUrl: sandbox.baseUrl }, { SYNQLY_TOKEN: sandbox.token });
  const { call } = await connectInProcess({
    config,
    surface: 'full',
    pins: undefined,
    policy: policyOf(config),
    access: prepareConnection(config),
  });
  const costs: AnswerCost[] = [];
  for (const [what, tool, args] of typicalCalls) {
    exchanges.length = 0;
    const answer = await call(tool, args);
    // Excludes lookups on the way.
    const bodies = exchanges.filter(({ operationId }) => operationId === tool);
    const rawTokens = bodies.reduce((sum, { responseBody }) => sum + tokensOfJson(responseBody), 0);
    costs.push({
      name: `${tool}, ${what}`,
      tool,
      arguments: args,
      tokens: tokensOf(answer),
      budget: config.maxResultTokens.value,
      ...(bodies.length > 0 && { rawTokens }),
    });
  }
  return costs;
}
