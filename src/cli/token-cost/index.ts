import type { InProcessClient } from '../../app/in-process-client.ts';
import { type Cost, costsOfGroups, costsOfSurfaces, costsOfTools } from './measure.ts';
import { type AnswerCost, accountsAsked, costsOfAnswers } from './sample-calls.ts';

/** What a server costs a model, in o200k tokens. */
export interface Costs {
  readonly encoding: 'o200k_base';
  readonly surfaces: readonly Cost[];
  readonly groups: readonly Cost[];
  readonly tools: readonly Cost[];
  /** How many accounts the organization has whose answers are measured. */
  readonly accounts: number;
  readonly answers: readonly AnswerCost[];
}

/** @param shown the one of both whose tools are told one by one */
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
    accounts: accountsAsked,
    answers: (await costsOfAnswers()).filter(({ tool }) => names.has(tool)),
  };
}
