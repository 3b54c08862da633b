import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { publishedSkills } from '../../src/skills/published.ts';
import { effectOf } from '../../src/tools/effect-of.ts';
import { postTo } from './http-support.ts';
import { followSkill, type Made, type Step } from './skills-support.ts';
import { type Program, startProgram } from './support.ts';
import { testSurfaces } from './surfaces.ts';
import { getFrom, type Json } from './workflows-support.ts';

/*
 * Each skill is followed as a model would: the calls of its prompt, in order, against the sandbox. What is executed is what
 * clients are served, so that the text of a skill cannot differ from what is tested.
 */
const typed = 'typed-by-a-person-7c21';
const customer = 'aldermere-logistics';

interface Trial {
  readonly args: Record<string, string>;
  readonly made?: Made;
  /** Looks at the results and at the state of the sandbox. */
  readonly check: (
    steps: readonly Step[],
    get: (path: string) => Promise<Json>,
    before: { readonly baseUrl: string; readonly formerToken: string },
  ) => Promise<void>;
}

const results = (steps: readonly Step[], operation: string) =>
  steps.filter((step) => step.operation === operation).map(({ result }) => result);

const credentialOf = ({ result }: Json) => result.provider_config.search_service_credential.value;

const trials: Record<string, Trial> = {
  'onboard-customer': {
    args: { name: 'newcomer', environment: 'test', provider_id: 'ticketing_jira' },
    made: {
      credential_config: () => ({ type: 'basic', username: 'svc', secret: '${ask:API token of Jira}' }),
      provider_config: (_, { credential_id }) => ({
        type: 'ticketing_jira',
        url: 'https://newcomer.atlassian.example',
        credential: { type: 'basic_id', value: credential_id },
      }),
    },
    check: async (_, get) => {
      const account = await get('/v1/accounts/newcomer');
      expect(account).toMatchObject({ environment: 'test', fullname: 'newcomer' });
      const [integration] = await get(`/v1/integrations/${account.id}`);
      expect(integration).toMatchObject({ name: 'ticketing_jira', provider_type: 'ticketing_jira' });
      const { value } = integration.provider_config.credential;
      expect((await get(`/v1/credentials/lookup/${value}`)).owner_type).toBe('account');
    },
  },
  'diagnose-integration': {
    args: { account_id: customer, integration_id: 'edr-crowdstrike' },
    check: async (steps) => {
      expect(results(steps, 'diagnose_integrations')[0].summary).toContain('degraded');
      expect(results(steps, 'who_changed')).toHaveLength(1);
      expect(results(steps, 'integrations_verify')).toEqual([{}]);
    },
  },
  'rotate-credential': {
    args: { account_id: 'brightwick-university', integration_id: 'rotated' },
    made: {
      old_credential_id: ([{ result } = {} as Step]) => credentialOf(result),
      owner_id: (steps) => results(steps, 'credentials_lookup')[0].result.account_id,
      new_name: () => 'splunk-2026-08',
      new_provider_config: ([{ result } = {} as Step], { new_credential_id }) => ({
        ...result.result.provider_config,
        search_service_credential: { type: 'token_id', value: new_credential_id },
      }),
    },
    check: async (steps, get) => {
      const old = credentialOf(results(steps, 'integrations_get')[0]);
      const { provider_config } = await get('/v1/integrations/brightwick-university/rotated');
      const { value } = provider_config.search_service_credential;
      expect(value).not.toBe(old);
      expect(await get(`/v1/credentials/lookup/${value}`)).toMatchObject({ name: 'splunk-2026-08' });
      await expect(get(`/v1/credentials/lookup/${old}`)).rejects.toThrow('404');
    },
  },
  'respond-to-leaked-token': {
    args: { refresh_token_id: 'ci-pipeline', since: '2026-08-01T00:00:00Z' },
    check: async (steps, get, { baseUrl, formerToken }) => {
      const { primary } = await get('/v1/tokens/ci-pipeline/info');
      const statusWith = async (token: string) =>
        (await fetch(`${baseUrl}/v1/accounts`, { headers: { authorization: `Bearer ${token}` } })).status;
      expect(await statusWith(primary.access.secret)).toBe(200);
      expect(await statusWith(formerToken)).toBe(401);
      expect(JSON.stringify(steps)).not.toContain(primary.access.secret);
      expect(results(steps, 'audit_list')[0].rows.length).toBeGreaterThan(50);
    },
  },
  'offboard-customer': {
    args: { account_id: 'marrowby-foods' },
    check: async (steps, get) => {
      await expect(get('/v1/accounts/marrowby-foods')).rejects.toThrow('404');
      expect(results(steps, 'preview_call')[0].affects.integrations.count).toBeGreaterThan(0);
      expect(results(steps, 'accounts_list')[0].result).toEqual([]);
    },
  },
  'review-access': {
    args: {},
    check: async (steps) => {
      expect(results(steps, 'access_review')[0].findings.length).toBeGreaterThan(0);
      expect(results(steps, 'tokens_list')[0].result.length).toBeGreaterThan(1);
    },
  },
  'move-customer-to-production': {
    args: { account_id: 'ashmere-mills-trial' },
    check: async (steps, get) => {
      expect(results(steps, 'account_overview').map(({ account }) => account.environment)).toEqual([
        'test',
        'prod',
      ]);
      expect(results(steps, 'preview_call')[0].error).toBeUndefined();
      expect(results(steps, 'accounts_update')[0].undo).toBeDefined();
      expect((await get('/v1/accounts/ashmere-mills-trial')).environment).toBe('prod');
    },
  },
  'set-up-bridge': {
    args: { account_id: 'fennick-robotics', name: 'factory', integration_id: '' },
    check: async (steps, get) => {
      const bridge = await get('/v1/bridges/fennick-robotics/factory');
      const selectors = (await get('/v1/integrations/fennick-robotics')).map(
        ({ bridge_selector }: Json) => bridge_selector,
      );
      expect(selectors).toContainEqual({ type: 'id', value: bridge.id });
      expect(results(steps, 'bridges_create')[0].result.credential).toMatch(/^\$\{secret:/);
    },
  },
  'add-member': {
    args: { name: 'kim@kestrelmoor.example', fullname: 'Kim Doe', role: 'viewer' },
    check: async (_, get) => {
      const member = await get('/v1/members/kim@kestrelmoor.example');
      expect(member).toMatchObject({ fullname: 'Kim Doe', role_binding: ['viewer'] });
    },
  },
  'remove-member': {
    args: { member_id: 'wen.tiedemann@kestrelmoor.example' },
    check: async (steps, get) => {
      expect(results(steps, 'members_update')[0].result.state).toBe('disabled');
      await expect(get('/v1/members/wen.tiedemann@kestrelmoor.example')).rejects.toThrow('404');
    },
  },
};

const names = publishedSkills.map(({ name }) => name);

test('each skill is tried', () => {
  expect(Object.keys(trials).sort()).toEqual(names);
});

describe.each(Object.entries(testSurfaces))('on the %s surface', (_, surface) => {
  let sandbox: Sandbox;
  let program: Program;
  let formerToken: string;
  const asked: string[] = [];
  beforeAll(async () => {
    sandbox = await startSandbox({ seed: 1, clock: () => Date.parse('2026-08-31T12:00:00Z') });
    const args = ['--base-url', sandbox.baseUrl, '--log-level', 'silent', ...surface.flags];
    program = await startProgram(
      args,
      { SYNQLY_TOKEN: sandbox.token },
      async (question) => {
        // The client opens pages.
        const { url } = question as unknown as { url: string };
        asked.push(await (await fetch(url)).text());
        await fetch(url, { method: 'POST', body: new URLSearchParams({ secret: typed }) });
        return { action: 'accept' };
      },
      'url',
    );
    const config = { type: 'token', secret: 'the-former-secret-19b' };
    const stored = await postTo(sandbox, '/v1/credentials/brightwick-university', { name: 'splunk', config });
    await postTo(sandbox, '/v1/integrations/brightwick-university', {
      name: 'rotated',
      provider_config: {
        type: 'siem_splunk',
        search_service_url: 'https://splunk.brightwick.example:8089',
        search_service_credential: { type: 'token_id', value: stored.result.id },
      },
    });
    formerToken = (await getFrom(sandbox, '/v1/tokens/ci-pipeline/info')).result.primary.access.secret;
    const { result } = await getFrom(sandbox, '/v1/integrations/fennick-robotics');
    (trials['set-up-bridge'] as Trial).args.integration_id = result[0].name;
  });
  afterAll(async () => {
    await program?.close();
    await sandbox?.close();
  });

  test('all skills are prompts', async () => {
    const { prompts } = await program.client.listPrompts();
    expect(prompts.map(({ name }) => name)).toEqual(names);
  });

  test.each(names)('%s does what it says', async (name) => {
    const trial = trials[name] as Trial;
    const steps = await followSkill(program, name, trial.args, trial.made);
    const written = publishedSkills
      .find((skill) => skill.name === name)
      ?.parts.flatMap(({ call }) => call?.operation ?? []);
    expect(steps.map(({ operation }) => operation)).toEqual(written);
    for (const { operation, confirmed } of steps) {
      const isFinal = effectOf(operation) === 'destroy';
      expect(confirmed?.preview?.tool, operation).toBe(isFinal ? operation : undefined);
    }
    await trial.check(steps, async (path) => (await getFrom(sandbox, path)).result, {
      baseUrl: sandbox.baseUrl,
      formerToken,
    });
    expect(JSON.stringify(steps)).not.toContain(typed);
  });

  test('secrets are typed on pages only', () => {
    expect(asked).toHaveLength(3);
    expect(asked.join()).toContain('API token of Jira');
  });
});
