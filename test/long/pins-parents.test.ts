import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FakeSynqly } from '../e2e/fake-synqly.ts';
import {
  foreignPart,
  mixesOf,
  sentToForeign,
  startWithoutParents,
  withParent,
} from '../e2e/parents-support.ts';
import { marker, type Planted, plant } from '../e2e/pins-support.ts';
import { type Program, type Rig, startProgram, startRig } from '../e2e/support.ts';

describe('with a Synqly that finds a child under any parent', () => {
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

  test.each(['tokens_refresh', 'tokens_rotate', 'tokens_remove_secondary', 'tokens_reset'])(
    '%s sends the id of a token that it was given by name',
    async (id) => {
      const { integrationId, tokenId } = planted.inside;
      const name = rig.sandbox.state.tokens.all().find((token) => token.id === tokenId)?.name as string;
      const owner = /rotate|reset/.test(id) ? { owner_id: integrationId } : {};
      const from = lax.requests.length;
      const { text } = await pinned.call(id, { ...owner, refresh_token_id: name });
      const writes = lax.requests.slice(from).filter(({ method }) => method !== 'GET');
      expect(writes, text).toHaveLength(1);
      const segments = writes[0]?.path.split('/');
      expect(segments).toContain(tokenId);
      expect(segments).not.toContain(name);
    },
  );

  test.each([
    ['accounts_patch', ['id', 'organization_id', 'environment']],
    ['bridges_patch', ['id', 'account_id']],
    ['credentials_patch', ['account_id', 'owner_type', 'owner_id', 'integration_id']],
    ['integrations_patch', ['id', 'account_id', 'refresh_token_id']],
  ])('%s changes no field of identity, however its path is written', async (id, fields) => {
    const { inside, outside } = planted;
    const named = {
      accounts_patch: { account_id: inside.id },
      bridges_patch: { account_id: inside.id, bridge_id: inside.bridgeId },
      credentials_patch: { owner_id: inside.id, credential_id: inside.credentialId },
      integrations_patch: { account_id: inside.id, integration_id: inside.integrationId },
    }[id];
    const from = lax.requests.length;
    for (const field of fields) {
      const wide = String.fromCodePoint((field.codePointAt(0) as number) + 0xfee0) + field.slice(1);
      const paths = [field.toUpperCase(), ` ${field}`, `${field} `, `\t${field}`, wide, wide.toUpperCase()];
      for (const path of [...paths, `${field}/`, `${field}//`, `${field}/0`, `${wide}/`, ` ${field}/~0~1`]) {
        for (const step of [
          { op: 'add', path: `/${path}`, value: outside.id },
          { op: 'move', path: '/description', from: `/${path}` },
        ]) {
          const { json, text } = await pinned.call(id, { ...named, patch: [step] });
          expect(json.error?.code, `${JSON.stringify(step)}: ${text}`).toBe('outside_pin');
        }
      }
    }
    expect(lax.requests.slice(from).filter(({ method }) => method !== 'GET')).toEqual([]);
  });
});
