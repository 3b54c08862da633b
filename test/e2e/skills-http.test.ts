import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HttpRig, startHttpRig } from './http-support.ts';
import { followSkill, promptText } from './skills-support.ts';
import type { Program } from './support.ts';

const secret = 'from-the-environment-51d8';

let rig: HttpRig;
let client: Client;
let token: string;
beforeAll(async () => {
  rig = await startHttpRig({
    args: ['--secret-env', 'JIRA_TOKEN'],
    env: { JIRA_TOKEN: secret },
  });
  token = rig.sandbox.token;
  client = await rig.connect(token);
});
afterAll(async () => {
  await client.close();
  await rig.close();
});

test('no skill over HTTP has a reference for which the server would have to ask the person', async () => {
  const { prompts } = await client.listPrompts();
  expect(prompts.length).toBeGreaterThan(5);
  for (const { name, arguments: declared = [] } of prompts) {
    const args = Object.fromEntries(declared.map((argument) => [argument.name, 'some-name']));
    const text = await promptText(client, name, args);
    expect(text, name).not.toMatch(/\$\{(ask|generate):/);
  }
});

test('a skill says once how to give a secret, and its calls name the secret', async () => {
  const args = { account_id: 'some-account', integration_id: 'some-integration' };
  const text = await promptText(client, 'rotate-credential', args);
  expect(text.match(/This server cannot ask the person for a secret/g)).toHaveLength(1);
  expect(text).toContain('"config":{"type":"token","secret":"{{secret}}"}');
});

test('a skill can be followed with a variable that the administrator allows', async () => {
  const call: Program['call'] = async (name, args) => {
    const json = await rig.call(token, name, args);
    return { json, isError: json.error !== undefined, text: JSON.stringify(json) };
  };
  const args = { name: 'newcomer', environment: 'test', provider_id: 'ticketing_jira' };
  const steps = await followSkill({ client, call }, 'onboard-customer', args, {
    credential_config: () => ({ type: 'basic', username: 'svc', secret: '${env:JIRA_TOKEN}' }),
    provider_config: (_, { credential_id }) => ({
      type: 'ticketing_jira',
      url: 'https://newcomer.atlassian.example',
      credential: { type: 'basic_id', value: credential_id },
    }),
  });
  expect(steps.map(({ operation }) => operation)).toContain('integrations_create');
  const sent = rig.exchanges.filter(({ path, method }) => method === 'POST' && path.includes('/credentials'));
  expect(JSON.stringify(sent)).toContain(secret);
});

test('find_operations of the compact surface returns the same', async () => {
  const compact = await startHttpRig({ args: ['--surface', 'compact'] });
  try {
    const found = await compact.call(compact.sandbox.token, 'find_operations', { query: 'add-member' });
    expect(found.skill.text).toContain('This server cannot ask the person for a secret');
    expect(found.skill.text).not.toMatch(/\$\{(ask|generate):/);
  } finally {
    await compact.close();
  }
});
