import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/start.ts';
import { asDiagnosed, diagnoseByHand, diagnosed } from '../e2e/diagnose-support.ts';
import { openCaller, rowsOf } from '../e2e/workflows-support.ts';

test('diagnose_integrations finds in one call what is broken in 300 accounts', async () => {
  const operations: string[] = [];
  let paths: string[] = [];
  const sandbox = await startSandbox({
    size: 300,
    onExchange: ({ operationId, path }) => {
      operations.push(String(operationId));
      paths.push(path);
    },
  });
  const { unhealthy, idle, all } = await diagnoseByHand(sandbox);
  expect(sandbox.state.collections.account.all()).toHaveLength(300);
  expect(unhealthy.length).toBeGreaterThan(80);
  const caller = await openCaller(sandbox, ['full', 'stdio'], ['--timeout', '55']);
  operations.length = 0;
  paths = [];
  const { json, text } = await caller.run('diagnose_integrations');
  console.log(`${unhealthy.length} of ${all}: ${encode(text).length} tokens, ${operations.length} requests`);
  expect(json.not_read).toBeUndefined();
  expect(json.more).toBeUndefined();
  expect(diagnosed(rowsOf(json))).toEqual(unhealthy.map(asDiagnosed));
  expect(json.summary).toContain(`${unhealthy.length} of ${all} integrations are not healthy`);
  expect(json.summary).toContain(`${idle.length} had no requests`);
  const lists = operations.filter((id) => /^(status|audit|members)_list$/.test(id));
  expect(lists.length).toBeLessThanOrEqual(all / 100 + 10);
  expect(operations.length - lists.length).toBeLessThanOrEqual(6 * unhealthy.length);
  // Of these six, those that name the integration are four at most; the others are of a shared credential and a bridge.
  const counts = unhealthy.map(({ id }) => paths.filter((path) => path.includes(id)).length);
  expect(Math.min(...counts)).toBeGreaterThan(0);
  expect(Math.max(...counts)).toBeLessThanOrEqual(4);
  await caller.close();
  await sandbox.close();
}, 300_000);
