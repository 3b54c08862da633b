import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FakeSynqly } from './fake-synqly.ts';
import { foreignPart, mixesOf, sentToForeign, startWithoutParents, withParent } from './parents-support.ts';
import { marker, type Planted, plant } from './pins-support.ts';
import { type Program, type Rig, startProgram, startRig } from './support.ts';

describe('before a Synqly that finds a child whatever parent the path names', () => {
  let rig: Rig;
  let planted: Planted;
  let lax: FakeSynqly;
  let pinned: Program;
  beforeAll(async () => {
    rig = await startRig({ sandbox: { size: 'small' }, args: ['--confirm', 'never'] });
    planted = await plant(rig);
    lax = await startWithoutParents(rig);
    pinned = await startProgram(['--base-url', lax.url, '--environment', 'test', '--confirm', 'never'], {
      SYNQLY_TOKEN: rig.sandbox.token,
      SYNQLY_PERMISSIONS: 'ignore',
    });
  }, 60_000);
  afterAll(async () => {
    await pinned.close();
    lax.close();
    await rig.close();
  });

  test.each(withParent.map((operation) => [operation.id, operation] as const))(
    '%s sends nothing to, shows nothing of and changes nothing of another account',
    async (id, operation) => {
      const before = foreignPart(rig, planted);
      let reached = 0;
      for (const { args, isOwn } of mixesOf(operation, planted)) {
        // What is wholly own may be destroyed; other tests do.
        if (isOwn && operation.effect === 'destroy') continue;
        const from = lax.requests.length;
        const { isError, text } = await pinned.call(id, args);
        expect(sentToForeign(lax.requests.slice(from), planted), JSON.stringify(args)).toEqual([]);
        // What was proved has an id; its name may lead elsewhere by now.
        const writes = lax.requests.slice(from).filter(({ method }) => method !== 'GET');
        for (const { path } of writes) expect(path).not.toContain(`/${planted.inside.name}`);
        if (isOwn) reached += isError ? 0 : 1;
        else expect(JSON.parse(text).error?.code, `${JSON.stringify(args)}: ${text}`).toBe('outside_pin');
        expect(text).not.toContain(marker);
      }
      expect(foreignPart(rig, planted)).toBe(before);
      if (operation.effect !== 'destroy' && !id.startsWith('tokens_r')) expect(reached).toBeGreaterThan(0);
    },
  );
});
