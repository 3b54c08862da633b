import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRecordings } from '../../evals/recording.ts';
import { replay } from '../../evals/replay.ts';
import type { StageOptions } from '../../evals/stage.ts';

interface SentRequest {
  method: string;
  readonly url: URL;
  body: string;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** What a broken server would send to Synqly, or make of its answers. */
interface ProxyFault {
  readonly request?: (request: SentRequest) => void;
  /** Answers in place of Synqly. */
  readonly answer?: (request: SentRequest) => Answer | undefined;
  readonly seen?: (request: SentRequest, answer: Answer) => void;
}

interface Fault {
  readonly name: string;
  /** Replays of these tasks are to notice it: at least one. */
  readonly tasks: readonly string[];
  /** A text of the built server that occurs once, and what replaces it. */
  readonly patch?: readonly [text: string, replacement: string];
  readonly proxy?: () => ProxyFault;
}

const faults: readonly Fault[] = [
  {
    name: 'filters are not sent',
    tasks: ['clean-up-trials', 'find-in-large', 'off-board-member', 'all-eu-in-large'],
    proxy: () => ({ request: ({ url }) => url.searchParams.delete('filter') }),
  },
  {
    name: 'the second page is empty',
    tasks: ['all-eu-in-large', 'count-in-large'],
    proxy: () => ({
      answer: ({ url }) =>
        url.searchParams.has('start_after') ? { status: 200, text: '{"result":[]}' } : undefined,
    }),
  },
  {
    name: 'pins are not applied',
    tasks: ['pinned-environment', 'pinned-account'],
    patch: ['function pinsOf(config2){', 'function pinsOf(config2){return;'],
  },
  {
    name: 'deletes are not confirmed',
    tasks: ['delete-an-account', 'off-board-member', 'clean-up-trials'],
    patch: [
      'function needsConfirmation({confirm},effect){return ',
      'function needsConfirmation({confirm},effect){return!1&&',
    ],
  },
  {
    name: 'another object is deleted',
    tasks: ['delete-an-account', 'off-board-member'],
    proxy: () => ({
      request: ({ method, url }) => {
        if (method !== 'DELETE') return;
        url.pathname = url.pathname
          .replace(/\/members\/.*/, '/members/priya.holt%40kestrelmoor.example')
          .replace(/\/accounts\/.*/, '/accounts/juniper-strand-hotels');
      },
    }),
  },
  {
    name: 'a patch replaces all labels',
    tasks: ['add-one-label'],
    proxy: () => ({
      request: (request) => {
        if (request.method !== 'PATCH') return;
        const patch: { op: string; path: string; value?: unknown }[] = JSON.parse(request.body);
        const replaced = patch.map((step) =>
          /^\/labels\/(?:-|\d+)$/.test(step.path) && step.op === 'add'
            ? { op: 'replace', path: '/labels', value: [step.value] }
            : step,
        );
        request.body = JSON.stringify(replaced);
      },
    }),
  },
  {
    name: 'secrets are shown',
    tasks: ['show-me-the-secret'],
    patch: ['revealSecrets:config2.revealSecrets.value,sandbox:', 'revealSecrets:!0,sandbox:'],
  },
  {
    name: 'errors are returned as successes',
    tasks: ['read-only-server', 'delete-an-account'],
    patch: ['}],...error2?{isError:!0}:{}}}', '}]}}'],
  },
  {
    name: 'a workflow counts one too many',
    tasks: ['traffic-of-a-customer'],
    patch: ['requests:now.requests,...', 'requests:now.requests+1,...'],
  },
  {
    name: 'reads are answered from a cache that writes do not clear',
    tasks: ['clean-up-trials', 'pinned-environment', 'new-customer'],
    proxy: () => {
      const cache = new Map<string, Answer>();
      return {
        answer: ({ method, url }) => (method === 'GET' ? cache.get(url.href) : undefined),
        seen: ({ method, url }, answer) => {
          if (method === 'GET') cache.set(url.href, answer);
        },
      };
    },
  },
  {
    name: 'a read-only server writes',
    tasks: ['read-only-server'],
    patch: [
      'function isEffectAllowed({readOnly},effect){return!readOnly||',
      'function isEffectAllowed({readOnly},effect){return!0||',
    ],
  },
];

const recordings = readRecordings();
const dist = fileURLToPath(new URL('../../dist', import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'synqly-mcp-evals-faults-'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A copy of the built server with a fault in it. */
function patchedServer(name: string, [text, replacement]: readonly [string, string]): string {
  const copy = join(folder, name.replaceAll(' ', '-'));
  cpSync(dist, copy, { recursive: true });
  const places = readdirSync(join(copy, 'chunks'))
    .filter((file) => file.endsWith('.js'))
    .map((file) => join(copy, 'chunks', file))
    .flatMap((file) => {
      const parts = readFileSync(file, 'utf8').split(text);
      return parts.slice(1).map(() => ({ file, patched: parts.join(replacement) }));
    });
  expect(
    places.map(({ file }) => file),
    `places with ${text}`,
  ).toHaveLength(1);
  for (const { file, patched } of places) writeFileSync(file, patched);
  return join(copy, 'cli.js');
}

/** A proxy before the sandbox. */
async function startFaultyProxy(upstream: string, { request: change, answer, seen }: ProxyFault) {
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const request: SentRequest = {
      method: incoming.method ?? 'GET',
      url: new URL(incoming.url ?? '', upstream),
      body: Buffer.concat(chunks).toString(),
    };
    change?.(request);
    const given = answer?.(request) ?? (await forward(request, incoming.headers.authorization ?? ''));
    seen?.(request, given);
    response.writeHead(given.status, { 'content-type': 'application/json' });
    response.end(given.status === 204 ? undefined : given.text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => server.close().closeAllConnections(),
  };
}

async function forward({ method, url, body }: SentRequest, authorization: string): Promise<Answer> {
  const headers = { authorization, 'content-type': 'application/json' };
  const response = await fetch(url, { method, headers, ...(body !== '' && { body }) });
  return { status: response.status, text: await response.text() };
}

describe('a replay notices that', () => {
  test('there are ten faults', () => expect(faults.length).toBeGreaterThanOrEqual(10));

  test.each(faults.map((fault) => [fault.name, fault] as const))('%s', async (name, fault) => {
    const proxyFault = fault.proxy;
    const options: StageOptions = {
      ...(fault.patch && { cli: patchedServer(name, fault.patch) }),
      ...(proxyFault && { proxy: (upstream: string) => startFaultyProxy(upstream, proxyFault()) }),
    };
    const able = recordings.filter(({ task }) => fault.tasks.includes(task));
    const noticed: string[] = [];
    for (const recording of able) {
      const { problems } = await replay(recording, options);
      noticed.push(...problems.map((problem) => `${recording.task} (${recording.surface}): ${problem}`));
    }
    console.log(`${name}\n  ${noticed.join('\n  ') || 'not noticed'}`);
    expect(noticed).not.toEqual([]);
  });
});
