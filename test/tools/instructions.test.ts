import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, test } from 'vitest';
import { presetToolsets } from '../../src/access/toolsets.ts';
import { visibleTools } from '../../src/access/visibility.ts';
import { instructionsFor } from '../../src/protocol/instructions.ts';
import type { RequestContext } from '../../src/request-context.ts';
import { groups } from '../../src/tools/published.ts';

const pinsOfAllKinds = [
  undefined,
  { account: 'a-customer-with-a-long-name' },
  { environment: 'prod' },
  { account: 'a-customer-with-a-long-name', environment: 'prod' },
] as const;
const selections = [undefined, ...Object.keys(presetToolsets), ...new Set(Object.values(groups))].map(
  (group) => ({
    toolsets: group === undefined ? [] : [group],
    allow: [],
    deny: [],
  }),
);

/** Instructions under everything that they depend on. */
const all = pinsOfAllKinds.flatMap((pins) =>
  selections.flatMap((toolsetFilter) =>
    [false, true].flatMap((readOnly) =>
      (['destroy', 'change', 'never'] as const).flatMap((confirm) =>
        [undefined, () => ''].map((store) => {
          const policy = { readOnly, confirm, toolsetFilter };
          const session = { pins, policy, sandbox: true, revealSecrets: false, secrets: { store } };
          const operations = visibleTools({ pins, policy });
          return {
            what: { pins, policy },
            // Only what the instructions depend on.
            text: instructionsFor(session as unknown as RequestContext, operations),
          };
        }),
      ),
    ),
  ),
);

test('instructions cost at most 400 tokens, whatever is selected', () => {
  const costs = all.map(({ what, text }) => ({ what, tokens: encode(text).length }));
  const [dearest] = costs.sort((one, other) => other.tokens - one.tokens);
  console.log(`${costs.length} selections; the dearest instructions: ${dearest?.tokens} tokens`);
  expect(dearest?.tokens, JSON.stringify(dearest?.what)).toBeLessThanOrEqual(400);
});

function told(policy: Partial<RequestContext['policy']>, more: object = {}): string {
  const whole = {
    readOnly: false,
    confirm: 'destroy',
    toolsetFilter: { toolsets: [], allow: [], deny: [] },
    ...policy,
  } as const;
  const session = {
    policy: whole,
    sandbox: false,
    revealSecrets: false,
    secrets: { store: () => '' },
    ...more,
  };
  // Only what the instructions depend on.
  return instructionsFor(session as unknown as RequestContext, visibleTools({ policy: whole }));
}

test('nothing is said of what is not selected', () => {
  const observing = told({ toolsetFilter: { toolsets: ['observe'], allow: [], deny: [] } });
  expect(observing).toContain('filter items');
  expect(observing).not.toMatch(/_update|_patch|confirm|undo|connect a provider|SANDBOX/);
  const capabilities = told({ toolsetFilter: { toolsets: ['capabilities'], allow: [], deny: [] } });
  expect(capabilities).not.toMatch(/filter|Secrets|Pinned/);
  const onboarding = told({ toolsetFilter: { toolsets: ['onboard'], allow: [], deny: [] } });
  expect(onboarding).toMatch(/connect a provider.*integrations_verify/);
  expect(onboarding).toMatch(/\$\{env:NAME\}/);
  const denied = told({ toolsetFilter: { toolsets: ['onboard'], allow: [], deny: ['*_verify'] } });
  expect(denied).not.toContain('integrations_verify');
  expect(told({ readOnly: true })).toContain('This server is read-only.');
});
