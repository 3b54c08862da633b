import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { catalogue } from '../../src/tools/catalogue.ts';
import { auditLines } from './endings-support.ts';
import { memberPassword, memberSteps, runSteps, steps } from './scenario.ts';
import { factOperations, factSheet, type Rig, startProgram, startRig, type ToolAnswer } from './support.ts';

let rig: Rig;
let answers: Record<string, ToolAnswer>;
/** What was written to stderr by programs that have ended. */
let written = '';

beforeAll(async () => {
  rig = await startRig({ args: ['--confirm', 'never'] });
  answers = { ...(await runSteps(rig, steps)), ...(await runAsMember()) };
}, 60_000);
afterAll(() => rig.close());

/** A member's own session: made through the API, as a person would log on. */
async function runAsMember(): Promise<Record<string, ToolAnswer>> {
  const name = 'noor@example.com';
  await rig.call('members_create', { name, secret: memberPassword, role_binding: ['administrator'] });
  const organization = await rig.call('organization_get');
  const response = await fetch(`${rig.sandbox.baseUrl}/v1/auth/logon/${organization.json.result.id}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${rig.sandbox.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name, secret: memberPassword }),
  });
  const { result } = (await response.json()) as { result: { token: { access: { secret: string } } } };
  const program = await startProgram(['--base-url', rig.sandbox.baseUrl, '--confirm', 'never'], {
    SYNQLY_TOKEN: result.token.access.secret,
  });
  const answered = await runSteps(program, memberSteps);
  await program.close();
  written += program.stderr();
  return answered;
}

test('the scenario calls every operation of the API', () => {
  const called = [...steps, ...memberSteps].map(({ tool }) => tool).sort();
  expect([...new Set(called)]).toEqual(factOperations.map(({ id }) => id).sort());
});

test.each(factOperations.map(({ id }) => id))('%s succeeds over stdio', (id) => {
  expect(answers[id]?.text).toBeDefined();
  expect(answers[id], answers[id]?.text).toMatchObject({ isError: false });
});

test.each(catalogue.map(({ id, effect }) => [id, effect] as const))(
  '%s leaves its lines in the audit log: two where it does more than read, else none',
  (id, effect) => {
    const lines = auditLines(written + rig.stderr()).filter(({ operation }) => operation === id);
    const done = lines.filter(({ outcome }) => outcome === 'ok');
    expect(done.length > 0).toBe(effect !== 'read');
    for (const { call, phase } of done) {
      expect(phase).toBe('ended');
      expect(lines.filter((line) => line.call === call).map((line) => line.phase)).toEqual(['sent', 'ended']);
    }
  },
);

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(factSheet, 'facts');

test.each(factOperations)(
  'every answer to $id fits its schema in the fact sheet',
  ({ id, path, method, operation }) => {
    const succeeded = rig.exchanges.filter((one) => one.operationId === id && one.status < 300);
    expect(succeeded.length).toBeGreaterThan(0);
    const content = operation.responses['2XX'].content;
    if (!content) return;
    const pointer = `facts#/paths/${toPointerSegment(path)}/${method.toLowerCase()}/responses/2XX/content/application~1json/schema`;
    const validate = ajv.compile({ $ref: pointer });
    for (const { responseBody } of succeeded) {
      // The outcome of a verification may be empty (see integrations_verify in the fact sheet).
      if (responseBody === undefined && id === 'integrations_verify') continue;
      expect(validate(responseBody), ajv.errorsText(validate.errors)).toBe(true);
    }
  },
);

function toPointerSegment(path: string): string {
  return encodeURIComponent(path.replaceAll('~', '~0').replaceAll('/', '~1'));
}
