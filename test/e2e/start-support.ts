import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { type FakeAnswer, type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import { postTo } from './http-support.ts';
import { type Program, startProgram } from './support.ts';

/** The request that a look-up of permissions begins with. */
export const lookUpPath = '/v1/tokens';

export const viewer = {
  name: 'looker-of-this-test',
  permission_set: 'viewer',
  resources: { accounts: { ids: ['*'] } },
};

/** A sandbox behind an API that can hold its answers to look-ups of permissions, or answer them otherwise. */
export interface HeldApi {
  readonly url: string;
  readonly sandbox: Sandbox;
  /** An API token of the sandbox that only reads, unless the fields say otherwise. */
  makeToken(fields?: Record<string, unknown>): Promise<string>;
  /** From now on, look-ups wait. */
  hold(): void;
  /** Lets the waiting look-ups go on, and later ones. */
  release(): void;
  /** Answers this path; undefined passes it to the sandbox. */
  answer: (path: string) => FakeAnswer | undefined;
  /** How often a path was asked for. */
  asked(path: string): number;
  close(): Promise<void>;
}

export async function startHeldApi(): Promise<HeldApi> {
  const sandbox = await startSandbox({ size: 'small' });
  let made = 0;
  let gate = Promise.resolve();
  let open = () => {};
  const fake: FakeSynqly = await startFakeSynqly(async ({ path }) => {
    if (path === lookUpPath) await gate;
    return api.answer(path);
  }, sandbox.baseUrl);
  const api: HeldApi = {
    url: fake.url,
    sandbox,
    makeToken: async (fields = {}) => {
      made += 1;
      const name = made === 1 ? viewer.name : `${viewer.name}-${made}`;
      const { result } = await postTo(sandbox, '/v1/tokens', { ...viewer, name, ...fields });
      return result.primary.access.secret;
    },
    hold: () => {
      gate = new Promise((resolve) => {
        open = resolve;
      });
    },
    release: () => open(),
    answer: () => undefined,
    asked: (path) => fake.requests.filter((request) => request.path === path).length,
    close: async () => {
      open();
      fake.close();
      await sandbox.close();
    },
  };
  return api;
}

/** A state directory of a test. */
export interface StateDirectory {
  readonly path: string;
  /** The files with permissions. */
  files(): string[];
  read(): { readonly text: string; readonly mode: number };
  remove(): void;
}

export function makeStateDirectory(): StateDirectory {
  const path = mkdtempSync(join(tmpdir(), 'synqly-state-'));
  const directory = join(path, 'synqly-mcp', 'permissions');
  const files = () => {
    try {
      return readdirSync(directory).map((name) => join(directory, name));
    } catch {
      return [];
    }
  };
  return {
    path,
    files,
    read: () => {
      const file = files().find((name) => name.endsWith('.json')) ?? '';
      return { text: readFileSync(file, 'utf8'), mode: statSync(file).mode & 0o777 };
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** The built program over stdio, with this token and state directory. */
export function startWithToken(
  api: Pick<HeldApi, 'url'>,
  token: string,
  state?: Pick<StateDirectory, 'path'>,
  ...args: string[]
): Promise<Program> {
  return startProgram(['--base-url', api.url, ...args], {
    SYNQLY_TOKEN: token,
    SYNQLY_PERMISSIONS: 'learn',
    ...(state && { XDG_STATE_HOME: state.path }),
  });
}

export async function toolNames(client: Client): Promise<string[]> {
  const { tools } = await client.listTools();
  return tools.map(({ name }) => name);
}

/** Counts the client's `notifications/tools/list_changed`. */
export function countListChanged(client: Client): () => number {
  let count = 0;
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
    count += 1;
  });
  return () => count;
}
