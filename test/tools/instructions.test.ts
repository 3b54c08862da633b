import { expect, test } from 'vitest';
import { allToolsets, type Policy } from '../../src/access/policy.ts';
import { connectInProcess } from '../../src/app/in-process-client.ts';
import { loadConfig } from '../../src/config/load-config.ts';

// What instructions cost is in combinations.test.ts, under everything that they depend on.
const config = loadConfig({}, {});

/** The instructions that a client is given by a server of this policy. */
async function instructionsOf(changes: Partial<Policy>): Promise<string> {
  const policy = { readOnly: false, confirm: 'destroy', toolsetFilter: allToolsets, ...changes } as const;
  const { instructions } = await connectInProcess({ config, surface: 'full', pins: undefined, policy });
  return instructions;
}

test('instructions say nothing about operations that are not selected', async () => {
  const observing = await instructionsOf({ toolsetFilter: { toolsets: ['observe'], allow: [], deny: [] } });
  expect(observing).toContain('filter items');
  expect(observing).not.toMatch(/_update|_patch|confirm|undo|connect a provider|SANDBOX/);
  const capabilities = await instructionsOf({
    toolsetFilter: { toolsets: ['capabilities'], allow: [], deny: [] },
  });
  expect(capabilities).not.toMatch(/filter|Secrets|Pinned/);
  const onboarding = await instructionsOf({ toolsetFilter: { toolsets: ['onboard'], allow: [], deny: [] } });
  expect(onboarding).toMatch(/connect a provider.*integrations_verify/);
  expect(onboarding).toMatch(/\$\{env:NAME\}/);
  const denied = await instructionsOf({
    toolsetFilter: { toolsets: ['onboard'], allow: [], deny: ['*_verify'] },
  });
  expect(denied).not.toContain('integrations_verify');
  expect(await instructionsOf({ readOnly: true })).toContain('This server is read-only.');
});
