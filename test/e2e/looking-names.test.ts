import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeTarget } from './destroys.ts';
import type { FakeRequest } from './fake-synqly.ts';
import { dependentReads, type LookingGround, prepareLooking } from './looking-support.ts';
import type { Program } from './support.ts';

let looking: LookingGround;
let program: Program;
beforeAll(async () => {
  looking = await prepareLooking();
  program = await looking.open();
}, 30_000);
afterAll(async () => {
  await program.close();
  await looking.close();
});

// Figures move by themselves, so that what is looked at for status_reset is no part of the consent.
const cases = Object.entries(dependentReads)
  .filter(([tool]) => tool !== 'status_reset')
  .flatMap(([tool, reads]) => Object.entries(reads).map(([what, path]) => [tool, what, path] as const));

/** A dependent as Synqly tells it, which fits every object that is destroyed. */
async function dependentOf(tool: string, args: Record<string, unknown>, more: object) {
  const { json } = await program.call(tool.replace(/_delete$/, '_get'), args);
  const { id, name, refresh_token_id } = json.result;
  const owner = { owner_id: id, member_id: id, integration_point_id: id, role_binding: [name] };
  const uses = { provider_config: { credential: { value: id } }, bridge_selector: { value: id } };
  return {
    ...owner,
    ...uses,
    account_id: id,
    refresh_token_id,
    id: 'dependent-1',
    name: 'harmless-test',
    ...more,
  };
}

test.each(cases)(
  '%s is not sent when one of the %s is called otherwise than shown',
  async (tool, _, path) => {
    const fields = {
      name: 'production-siem',
      fullname: 'Production',
      description: 'In use',
      environment: 'prod',
    };
    const { args } = await makeTarget(tool, looking.ground);
    for (const [field, value] of Object.entries(fields)) {
      const [before, after] = await Promise.all(
        [{}, { [field]: value }].map((more) => dependentOf(tool, args, more)),
      );
      let shown = before;
      const isList = !path.test('/v1/tokens/any/info');
      looking.fail((request: FakeRequest) =>
        path.test(request.path) ? { json: { result: isList ? [shown] : shown } } : undefined,
      );
      const asked = await program.call(tool, args);
      expect(asked.json.error?.code, asked.text).toBe('confirmation_required');
      expect(asked.text, field).toContain('"count":1');
      shown = after;
      const sends = await looking.ground.sendsOf(tool, async () => {
        const ended = await program.call('confirm_call', { id: asked.json.error.confirmation.id });
        expect(ended.json.error?.code, `${field}: ${ended.text}`).toBe('object_changed');
      });
      expect(sends).toBe(0);
      looking.heal();
    }
  },
);

test('a delete is sent when its dependents were only used in the meantime', async () => {
  const { args } = await makeTarget('accounts_delete', looking.ground);
  let updated_at = '2026-01-01T00:00:00Z';
  const { json } = await program.call('accounts_get', args);
  looking.fail(({ path }) =>
    /^\/v1\/integrations\/[^/]+$/.test(path)
      ? { json: { result: [{ id: 'one', name: 'siem', account_id: json.result.id, updated_at }] } }
      : undefined,
  );
  const asked = await program.call('accounts_delete', args);
  updated_at = '2026-01-02T00:00:00Z';
  const ended = await program.call('confirm_call', { id: asked.json.error.confirmation.id });
  expect(ended.isError, ended.text).toBe(false);
  looking.heal();
});
