import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { type Answer, initialize, messagesIn, startRaw } from '../e2e/doors.ts';
import { startHttpProgram } from '../e2e/http-support.ts';
import { type OddMessage, oddMessage } from './odd-messages.ts';

/** Fixed, so that a run can be repeated; FUZZ_SEED tries others, and every failure names the one it had. */
const seed = Number(process.env.FUZZ_SEED ?? 1);

/** Words of a validation library, of the language, or of a stack. */
const notPlain =
  /invalid_type|invalid_union|unrecognized_keys|Invalid input|ZodError|RangeError|TypeError|SyntaxError|Unexpected (?:token|end)|\\n\s+at |node:internal|internal error of this server|Internal error/;

let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

const messagesOf = (count: number, stream: number): OddMessage[] =>
  Array.from(
    { length: count },
    (_, number) =>
      fc.sample(oddMessage(number), {
        numRuns: 1,
        seed: seed + stream * 1_000_003 + number,
      })[0] as OddMessage,
  );

/** A message that is over the bound of a line (10 MB), or of a body (1 MB), by which it is refused. */
function tooLong(number: number, megabytes: number): OddMessage {
  const filler = `"params":{"id":1,"a":"${'x'.repeat(megabytes * 1024 * 1024)}"}`;
  const id = `"long${number}"`;
  const members = number % 2 === 0 ? [`"id":${id}`, filler] : [filler, `"id":${id}`];
  return { kind: 'too long', bytes: Buffer.from(`{${members.join(',')}}`), ids: [id], mayBeNull: false };
}

/** How each message was answered wrongly, in words. */
function faultOf(
  { kind, bytes, ids, mayBeNull }: OddMessage,
  answers: readonly Answer[],
  raw: string,
): string | undefined {
  const told = (what: string) => `${what} (${kind}): ${bytes.subarray(0, 300)} -> ${raw.slice(0, 400)}`;
  for (const id of ids) {
    const count = answers.filter(
      (answer) => JSON.stringify(answer.id) === JSON.stringify(JSON.parse(id)),
    ).length;
    if (count !== 1) return told(`${count} answers to ${id}`);
    if (/^-?\d/.test(id) && !raw.includes(`"id":${id},`) && !raw.includes(`"id":${id}}`))
      return told(`other digits than ${id}`);
  }
  if (notPlain.test(raw)) return told('not in plain words');
  const others = answers.filter(
    ({ id }) => !ids.some((one) => JSON.stringify(JSON.parse(one)) === JSON.stringify(id)),
  );
  if (others.some(({ id }) => id !== null)) return told('an answer to nothing');
  if (others.length > 0 && !mayBeNull) return told('an answer without id');
  for (const { error } of answers)
    if (error && (!Number.isInteger(error.code) || typeof error.message !== 'string' || error.message === ''))
      return told('an error without words');
  return undefined;
}

async function openSandbox(): Promise<Sandbox> {
  const sandbox = await startSandbox({ size: 'small' });
  closing.push(sandbox.close);
  return sandbox;
}

/** Megabytes of memory that a process has in use. */
const memoryOf = (pid: number) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;

/** Megabytes by which a process may grow in the second half: garbage that was not collected yet. */
const mostGrowth = 120;

describe(`10,000 odd messages, FUZZ_SEED=${seed}`, () => {
  test.each([
    ['stdio', 4_000, 1],
    ['the bridge', 1_000, 2],
  ])('over %s', async (name, count, stream) => {
    const sandbox = await openSandbox();
    const program = await (async () => {
      if (name === 'stdio') return startRaw(['--base-url', sandbox.baseUrl], { SYNQLY_TOKEN: sandbox.token });
      const gateway = await startHttpProgram(['--base-url', sandbox.baseUrl, '--rate-per-minute', '1000000']);
      closing.push(gateway.close);
      return startRaw(['connect', gateway.url], { SYNQLY_MCP_TOKEN: sandbox.token });
    })();
    closing.push(program.close);
    let read = 0;
    const send = async (messages: readonly OddMessage[], last: string) => {
      for (const { bytes } of messages) program.write(Buffer.concat([bytes, Buffer.from('\n')]));
      program.write(`{"jsonrpc":"2.0","id":"${last}","method":"ping"}\n`);
      const from = read;
      const wanted = messages.flatMap(({ ids }) => ids).length + 1;
      const given = () =>
        program
          .lines()
          .slice(from)
          .flatMap((line): Answer[] => JSON.parse(line));
      await vi
        .waitUntil(() => given().filter(({ id }) => id !== null).length >= wanted, {
          timeout: 60_000,
          interval: 20,
        })
        .catch(() => {});
      read = program.lines().length;
      return { answers: given(), raw: program.lines().slice(from) };
    };
    const messages = messagesOf(count, stream);
    for (let at = 250; at < count; at += 500) messages[at] = tooLong((at - 250) / 500, 11);
    let middle = 0;
    for (let at = 0; at < count; at += 50) {
      if (at >= count / 2 && middle === 0) middle = memoryOf(program.pid);
      const wave = messages.slice(at, at + 50);
      const { answers, raw } = await send(wave, `end ${at}`);
      const faults = wave.map((one) => {
        const mine = new Set(one.ids.map((id) => JSON.stringify(JSON.parse(id))));
        const isMine = ({ id }: Answer) => mine.has(JSON.stringify(id));
        const lines = raw.filter(
          (line) =>
            (JSON.parse(line) as Answer | Answer[] | undefined) && [JSON.parse(line)].flat().some(isMine),
        );
        return faultOf(one, answers.filter(isMine), lines.join('\n'));
      });
      expect(faults.filter(Boolean)).toEqual([]);
      const known = new Set([
        ...wave.flatMap(({ ids }) => ids.map((id) => JSON.stringify(JSON.parse(id)))),
        `"end ${at}"`,
      ]);
      const strays = answers.filter(({ id }) => id !== null && !known.has(JSON.stringify(id)));
      expect(strays).toEqual([]);
      const without = answers.filter(({ id }) => id === null).length;
      expect(without).toBeLessThanOrEqual(wave.filter(({ mayBeNull }) => mayBeNull).length);
      expect(raw.filter((line) => notPlain.test(line))).toEqual([]);
    }
    expect(program.exitCode()).toBeNull();
    expect((await send([], 'alive')).answers).toEqual([{ jsonrpc: '2.0', id: 'alive', result: {} }]);
    expect(memoryOf(program.pid) - middle).toBeLessThan(mostGrowth);
  });

  test.each([
    ['without sessions', 2_000, 3, [], 'application/json, text/event-stream'],
    ['with sessions, by streams', 2_000, 4, ['--sessions'], 'application/json, text/event-stream'],
    ['with sessions, by JSON', 1_000, 5, ['--sessions'], 'application/json'],
  ])('over HTTP %s', async (_, count, stream, args, accept) => {
    const sandbox = await openSandbox();
    const program = await startHttpProgram([
      '--base-url',
      sandbox.baseUrl,
      '--rate-per-minute',
      '1000000',
      ...args,
    ]);
    closing.push(program.close);
    const headers: Record<string, string> = {
      accept,
      authorization: `Bearer ${sandbox.token}`,
      'content-type': 'application/json',
    };
    if (args.length > 0) {
      // The revision that has arrays of messages.
      const params = { ...initialize.params, protocolVersion: '2025-03-26' };
      const opened = await program.post({ ...initialize, params }, headers);
      await opened.text();
      headers['mcp-session-id'] = opened.headers.get('mcp-session-id') ?? '';
    }
    const messages = messagesOf(count, stream);
    // A body that is too long is not read, so nobody knows its id.
    for (let at = 250; at < count; at += 500) messages[at] = { ...tooLong(at, 2), ids: [], mayBeNull: true };
    const faults: string[] = [];
    let next = 0;
    const work = async () => {
      while (next < messages.length) {
        const one = messages[next] as OddMessage;
        next += 1;
        const response = await fetch(program.url, { method: 'POST', headers, body: one.bytes });
        const raw = await response.clone().text();
        const fault = faultOf(one, await messagesIn(response), raw);
        if (fault) faults.push(fault);
        if (response.status >= 500) faults.push(`HTTP ${response.status}: ${one.bytes.subarray(0, 300)}`);
      }
    };
    const workUntil = async (end: number) => {
      const all = messages.length;
      messages.length = Math.min(end, all);
      await Promise.all(Array.from({ length: 20 }, work));
    };
    const later = messages.slice(count / 2);
    await workUntil(count / 2);
    const pid = program.child.pid ?? 0;
    const middle = memoryOf(pid);
    messages.push(...later);
    await workUntil(count);
    expect(faults).toEqual([]);
    expect(next).toBe(count);
    const [alive] = await messagesIn(await program.post({ id: 'alive', method: 'ping' }, headers));
    expect(alive).toEqual({ jsonrpc: '2.0', id: 'alive', result: {} });
    expect(program.child.exitCode).toBeNull();
    expect(memoryOf(pid) - middle).toBeLessThan(mostGrowth);
  });
});
