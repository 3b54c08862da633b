import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import type { Fault } from '../../src/sandbox/faults.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { catalogue } from '../../src/tools/catalogue.ts';
import { startHttpProgram } from '../e2e/http-support.ts';
import { type PlantingProxy, startPlantingProxy } from '../e2e/planting-proxy.ts';
import { memberPassword, memberSteps, steps } from '../e2e/scenario.ts';
import { type Program, programOf, startProgram, type ToolAnswer } from '../e2e/support.ts';
import { by, type TestSurface, testSurfaces } from '../e2e/surfaces.ts';
import { writtenForms } from '../lib/written-forms.ts';
import { answerSchemaOf, facts, sensitivePathsOf } from '../tools/fact-sheet.ts';
import { secretArgumentsOf } from '../tools/walk.ts';

/*
 * Every operation is called, with a secret in every argument that takes one, and with patches of every kind, against answers
 * with a secret in every place that the fact sheet marks; also previewed; then again while Synqly repeats the request and its
 * bearer in errors, in each of the forms that are known: in ids of requests, texts of providers, names of fields, lines of
 * its audit log. Nothing that leaves the server may hold any of them, in any form.
 */
interface Served {
  readonly program: Program;
  /** All that was written beside results. */
  written(): Promise<string>;
}

const echoes: Fault[] = [
  { echo: true, status: 500 },
  { echo: true, status: 400 },
  { echo: true },
  { body: 'html' },
];
const config = (kind: Record<string, string>) => ({
  tool: 'credentials_create',
  args: { owner_id: 'tern-freight', config: kind },
});
/** Statuses with which Synqly, or a provider behind it, repeats what it was sent. */
const failures = [400, 409, 429, 500] as const;
const webhooks = {
  items: [{ webhook_url: 'https://hooks.example.com', integrator_key: 'hook "key"+/ü-31c8' }],
};
/** Patches of every kind, at, above and beside secrets, for what the scenario patches. */
const patchesOf: Readonly<Record<string, readonly Patched[]>> = {
  credentials_patch: [
    ['/config/secret', 'patched "secret"+/é-4471'],
    ['/config', { type: 'token', secret: 'patched-config-secret-0b' }],
  ],
  integrations_patch: [
    ['/provider_config/search_service_credential', { type: 'token', secret: 'patched <splunk> secret&=19' }],
    ['/provider_config/search_service_credential/secret', 'patched-deep-secret-6e'],
    ['/webhook_config', webhooks],
    ['/webhook_config/items/0/integrator_key', 'patched-integrator-key-5f'],
  ],
  organizationWebhooks_patch: [
    ['/secret/value', 'patched-hook-secret-a7'],
    ['/secret', { value: 'patched hook\nsecret-c2' }],
  ],
  members_patch: [['/secret', memberPassword]],
};
type Patched = readonly [path: string, value: unknown];

/** Every kind of credential, beside those of the scenario. */
const kinds = [
  config({ type: 'basic', username: 'svc', secret: 'basic-secret-71f3' }),
  config({ type: 'secret', secret: 'plain-secret-80aa' }),
  config({ type: 'secret', secret: 'odd "secret"+/<&>=ü é\n80ab' }),
  config({ type: 'token', secret: 'Bearer odd-token/+80ac=\n' }),
  config({
    type: 'aws',
    access_key_id: 'AKIA',
    secret_access_key: 'aws-secret-55d0',
    session: 'aws-session-19c4',
  }),
  config({ type: 'o_auth_client', client_id: 'id', client_secret: 'client-secret-e2b7' }),
  config({ type: 'tls_certificate', certificate: 'public', private_key: 'private-key-63ce' }),
];
const every = [...steps.flatMap(withPatches), ...memberSteps, ...kinds];
const folder = mkdtempSync(join(tmpdir(), 'canary-'));
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

type Serve = (sandbox: Sandbox, proxy: PlantingProxy, surface: TestSurface) => Promise<Served>;
const serve: Readonly<Record<'stdio' | 'stateless HTTP', Serve>> = {
  stdio: async (sandbox, { url }, surface) => {
    const log = join(folder, 'audit.log');
    const args = ['--base-url', url, '--confirm', 'never', '--log-level', 'debug', '--audit-log', log];
    const program = await startProgram([...args, ...surface.flags], { SYNQLY_TOKEN: sandbox.token });
    open.push(program);
    return {
      program: by(surface, program),
      written: async () => program.stderr() + readFileSync(log, 'utf8'),
    };
  },
  'stateless HTTP': async (sandbox, { url }) => {
    const args = [
      '--base-url',
      url,
      '--confirm',
      'never',
      '--log-level',
      'debug',
      '--rate-per-minute',
      '100000',
    ];
    const http = await startHttpProgram(args);
    const program = programOf(await http.connect(sandbox.token), http.stderr);
    open.push(http, program);
    const metrics = async () => (await fetch(`${http.origin}/metrics`)).text();
    return { program, written: async () => http.stderr() + (await metrics()) };
  },
};

test('every secret argument is given a secret', () => {
  for (const operation of catalogue.filter((one) => secretArgumentsOf(one).length > 0)) {
    const given = every.filter(({ tool }) => tool === operation.id);
    expect(given.length, operation.id).toBeGreaterThan(0);
  }
});

test.each([
  ['stdio', 'full'],
  ['stdio', 'compact'],
  ['stateless HTTP', 'full'],
] as const)(
  'over %s, on the %s surface, no secret leaves the server in any form',
  async (transport, kind) => {
    const sandbox = await startSandbox();
    const proxy = await startPlantingProxy(sandbox.baseUrl, argumentSecrets(every));
    open.push(sandbox, proxy);
    const { program, written } = await serve[transport](sandbox, proxy, testSurfaces[kind]);
    const spare = await startProgram(['--base-url', sandbox.baseUrl, '--confirm', 'never'], {
      SYNQLY_TOKEN: sandbox.token,
    });
    open.push(spare);

    const results: string[] = [];
    const recording: Program = {
      ...program,
      call: async (name, args) => {
        const answer = await program.call(name, args);
        results.push(`${name} ${JSON.stringify(answer)}`);
        return answer;
      },
    };
    await runAll(recording, spare, 'previewed too');
    const calls = results.length;
    for (const fault of echoes) {
      sandbox.faults.clear();
      sandbox.faults.add(fault);
      await runAll(recording, spare);
    }

    sandbox.faults.clear();
    for (const status of failures) {
      proxy.failWith(status);
      await runAll(recording, spare);
    }
    proxy.failWith(undefined);
    const kindsOfForms = writtenForms('any').map(({ kind }) => kind);
    for (const place of ['answer', 'problem'] as const)
      expect([...proxy.repeated[place]].sort(), place).toEqual([...kindsOfForms].sort());
    expect(proxy.repeated.header.size).toBeGreaterThan(kindsOfForms.length / 2);

    const bearing = facts
      .filter((fact) => sensitivePathsOf(answerSchemaOf(fact)).length > 0)
      .map(({ operationId }) => operationId);
    const refused = catalogue.filter((one) => transport !== 'stdio' && one.returnsSecret).map(({ id }) => id);
    const reached = bearing.filter((id) => proxy.operations.has(id));
    expect(bearing).toHaveLength(23);
    expect([...new Set([...reached, ...refused])].sort()).toEqual([...bearing].sort());
    expect(calls).toBeGreaterThanOrEqual(96);

    const all = [...results, await written()];
    const secrets = [...proxy.planted, ...argumentSecrets(every), sandbox.token];
    const leaks = secrets.flatMap((secret) =>
      formsOf(secret).flatMap((form) =>
        all.filter((text) => text.includes(form)).map((text) => leakOf(secret, form, text)),
      ),
    );
    expect(leaks).toEqual([]);
  },
  180_000,
);

/**
 * Every step, also where an earlier one has failed.
 *
 * @param spare carries out what is refused for its secret, so that later steps find what it makes
 */
async function runAll(program: Program, spare: Program, previews?: 'previewed too'): Promise<void> {
  const answers: Record<string, ToolAnswer> = {};
  for (const { tool, args } of every) {
    const given = typeof args === 'function' ? attempt(() => args(answers)) : args;
    if (previews && given) await program.call('preview_call', { tool, arguments: given });
    const answer = await program.call(tool, given);
    const isRefused = answer.json.error?.code === 'secret_refused';
    answers[tool] = isRefused ? await spare.call(tool, given) : answer;
  }
}

/** A step that patches, and what else is done by patches to the same object. */
function withPatches(step: (typeof steps)[number]): (typeof steps)[number][] {
  const { tool, args } = step;
  if (typeof args !== 'object' || !tool.endsWith('_patch')) return [step];
  const patched = patchesOf[tool] ?? [['/fullname', 'Renamed again']];
  const patches = patched.flatMap(([path, value]) => [
    [{ op: 'test', path, value }],
    [{ op: 'copy', from: path, path: '/fullname' }],
    [{ op: 'move', from: path, path: '/labels' }],
    [
      { op: 'copy', from: path, path: '/x' },
      { op: 'remove', path },
    ],
    [{ op: 'add', path, value }],
    [
      { op: 'replace', path, value },
      { op: 'replace', path: '/fullname', value: 'Renamed again' },
    ],
  ]);
  return [step, ...patches.map((patch) => ({ tool, args: { ...args, patch } }))];
}

function attempt<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** Values under names that hold secrets in arguments. */
function argumentSecrets(value: unknown, name = ''): string[] {
  if (typeof value === 'string')
    return /secret|_key$|^session$/.test(name) && value.length > 5 ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  // A step of a patch.
  if ('path' in value && 'value' in value && typeof value.path === 'string')
    return argumentSecrets(value.value, value.path);
  return Object.entries(value).flatMap(([key, part]) => argumentSecrets(part, key));
}

function formsOf(secret: string): string[] {
  const twice = writtenForms(JSON.stringify(secret).slice(1, -1));
  const texts = [...writtenForms(secret), ...twice].map(({ text }) => text);
  // As they stand in results, which are JSON in JSON.
  return [...new Set(texts.flatMap((text) => [text, JSON.stringify(text).slice(1, -1)]))];
}

function leakOf(secret: string, form: string, text: string): string {
  const at = text.indexOf(form);
  return `${secret}: ${text.slice(0, 40)} ... ${text.slice(Math.max(0, at - 60), at + 20)}`;
}
