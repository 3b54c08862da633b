import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Exchange } from '../../src/sandbox/app.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import {
  connectGateway,
  makeFolder,
  makeMcpToken,
  type Store,
  startGateway,
} from '../e2e/gateway-support.ts';
import type { HttpProgram } from '../e2e/http-support.ts';
import { steps } from '../e2e/scenario.ts';
import { type Program, startProgram, type ToolAnswer } from '../e2e/support.ts';
import { by, testSurfaces } from '../e2e/surfaces.ts';

/*
 * Whoever comes with an MCP token is given no token of Synqly that would outlive it, with --reveal-secrets neither: every
 * operation is called, and no token that the sandbox has ever told may be in a result.
 */
const refusedHere = [
  'auth_logon',
  'tokens_create_integration_token',
  'tokens_create_synqly_integrations_token',
  'tokens_create_token',
  'tokens_refresh',
  'tokens_reset',
  'tokens_rotate',
];

describe.each(['full', 'compact'] as const)('with an MCP token, on the %s surface', (kind) => {
  const exchanges: Exchange[] = [];
  const results: string[] = [];
  const codes: Record<string, string | undefined> = {};
  let sandbox: Sandbox;
  let gateway: Program;
  let spare: Program;

  beforeAll(async () => {
    sandbox = await startSandbox({ onExchange: (exchange) => exchanges.push(exchange) });
    const surface = testSurfaces[kind];
    gateway = by(surface, await connectGateway(sandbox, ['--organization'], [...surface.flags]));
    spare = await startProgram(['--base-url', sandbox.baseUrl, '--confirm', 'never'], {
      SYNQLY_TOKEN: sandbox.token,
    });
    const answers: Record<string, ToolAnswer> = {};
    for (const { tool, args } of steps) {
      const given = typeof args === 'function' ? args(answers) : args;
      const before = exchanges.length;
      const answer = await gateway.call(tool, given);
      results.push(answer.text);
      codes[tool] = answer.json.error?.code;
      if (codes[tool] !== 'secret_refused') answers[tool] = answer;
      else {
        expect(exchanges.length, tool).toBe(before);
        // So that later steps find what it makes.
        answers[tool] = await spare.call(tool, given);
      }
    }
    const last = await gateway.call('audit_list', { limit: 100, fields: ['*'] });
    results.push(last.text);
  }, 60_000);
  afterAll(async () => {
    await spare.close();
    await gateway.close();
    await sandbox.close();
  });

  test('a tool that creates a lasting token is refused before anything is sent', () => {
    const refused = Object.keys(codes).filter((tool) => codes[tool] === 'secret_refused');
    expect(refused.sort()).toEqual(refusedHere);
    const others = Object.entries(codes).filter(([, code]) => code && code !== 'secret_refused');
    expect(others).toEqual([]);
  });

  test('no result holds a lasting token, whatever the answer is', () => {
    const told = exchanges
      .filter(({ operationId }) => operationId !== 'tokens_create_mcp_token')
      .flatMap(({ operationId, responseBody }) =>
        tokensIn(responseBody).map((token) => ({ operationId, token })),
      );
    const tellers = new Set(told.map(({ operationId }) => operationId));
    for (const id of ['tokens_list', 'tokens_get', 'integrations_create', 'subOrgs_create'])
      expect([...tellers], id).toContain(id);
    const shown = told.filter(({ token }) => results.some((text) => text.includes(token)));
    expect(shown).toEqual([]);
  });

  test('another MCP token and other secrets are shown', () => {
    // The first is the one that the gateway is called with.
    const made = exchanges.findLast(({ operationId }) => operationId === 'tokens_create_mcp_token');
    const [mcp = ''] = tokensIn(made?.responseBody);
    const all = results.join();
    expect(mcp).not.toBe('');
    expect(all.includes(mcp)).toBe(true);
    const bridge = exchanges.find(({ operationId }) => operationId === 'bridges_create');
    const { responseBody } = bridge as { responseBody: { result?: { credential?: string } } };
    const { credential } = responseBody.result ?? {};
    expect(credential).toBeTypeOf('string');
    expect(all.includes(JSON.stringify(credential).slice(1, -1))).toBe(true);
  });
});

/** Whatever is called `secret` and is as long as a token. */
function tokensIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) =>
    name === 'secret' && typeof part === 'string' && part.length > 40 ? [part] : tokensIn(part),
  );
}

describe('an MCP token made with an MCP token', () => {
  const exchanges: Exchange[] = [];
  let sandbox: Sandbox;
  let store: Store;
  let gateway: HttpProgram;
  beforeAll(async () => {
    sandbox = await startSandbox({ size: 'small', onExchange: (exchange) => exchanges.push(exchange) });
    store = await makeFolder();
    gateway = await startGateway(sandbox, store.named, ['--reveal-secrets', '--confirm', 'never']);
  }, 30_000);
  afterAll(async () => {
    await gateway.close();
    await store.close();
    await sandbox.close();
  });

  test.each([
    ['24h', 30 * 60],
    [undefined, 30 * 60],
    ['1h30m', 30 * 60],
    ['10m', 10 * 60],
    ['90s', 90],
  ])('with a lifetime of %s expires at Synqly no later than the first token', async (token_ttl, most) => {
    const { token } = await makeMcpToken(sandbox, store.named, '--organization', '--ttl', '30m');
    const before = Date.now();
    const { error } = await gateway.call(token, 'tokens_create_mcp_token', {
      scope: { type: 'management' },
      ...(token_ttl && { token_ttl }),
    });
    expect(error).toBeUndefined();
    const { responseBody } = exchanges.at(-1) as { responseBody: { result?: { expires?: string } } };
    const life = Date.parse(responseBody.result?.expires ?? '') - before;
    expect(life).toBeLessThan((most + 30) * 1000);
    expect(life).toBeGreaterThan((most - 30) * 1000);
  });

  test('is not created when its lifetime would be zero', async () => {
    const { token } = await makeMcpToken(sandbox, store.named, '--organization');
    const given = { scope: { type: 'management' }, token_ttl: 'for ever' };
    const { error } = await gateway.call(token, 'tokens_create_mcp_token', given);
    expect(error.code).toBe('invalid_request');
  });
});
