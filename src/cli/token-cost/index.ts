import type { InProcessClient } from '../../app/in-process-client.ts';
import { type Cost, costsOfGroups, costsOfSurfaces, costsOfTools } from './measure.ts';
import { type AnswerCost, costsOfAnswers, sandboxAccounts } from './sample-calls.ts';

/** The token cost of a server, in o200k tokens. */
export interface Costs {
  readonly encoding: 'o200k_base';
  readonly surfaces: readonly Cost[];
  readonly groups: readonly Cost[];
  readonly tools: readonly Cost[];
  /** Number of accounts in the measured sandbox. */
  readonly accounts: number;
  readonly answers: readonly AnswerCost[];
}

/** @param shown the surface whose tools are listed one by one */
export async function measureCosts(
  full: InProcessClient,
  compact: InProcessClient,
  shown: InProcessClient,
): Promise<Costs> {
  const names = new Set(full.tools.map(({ name }) => name));
  return {
    encoding: 'o200k_base',
    surfaces: costsOfSurfaces(full, compact),
    groups: costsOfGroups(full.tools),
    tools: costsOfTools(shown.tools),
    accounts: sandboxAccounts,
    answers: (await costsOfAnswers()).filter(({ tool }) => names.has(tool)),
  };
}
