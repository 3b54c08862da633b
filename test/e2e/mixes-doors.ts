import { McpError, ResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect } from 'vitest';
import type { Operation } from '../../src/tools/define-operation.ts';
import { startHttpProgram } from './http-support.ts';
import { type Arguments, holdsWithdrawn, type Mix, type Mixed, type Pinning } from './mixes-support.ts';
import { startProgram } from './support.ts';
import { testSurfaces } from './surfaces.ts';

export type SurfaceName = keyof typeof testSurfaces;

/** What a client is told, by whatever member of the answer. */
export interface Told {
  /** The whole answer, error or result, as JSON. */
  readonly whole: string;
  /** Of the error; undefined where there is none. */
  readonly code: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
  readonly json: any;
}

/** A pinned program as its client meets it. */
export interface PinnedDoor {
  readonly pinning: Pinning;
  /** Sends any request. */
  ask(method: string, params: Arguments): Promise<Told>;
  /** The same without the pins, which only a client over HTTP that sends them as headers can leave out. */
  unpinned(method: string, params: Arguments): Promise<Told>;
  /** Runs an operation or a tool about calls, by the surface. */
  call(name: string, args: Arguments): Promise<Told>;
  close(): Promise<void>;
}

export const doorNames = ['stdio', 'HTTP, pinned by flags', 'HTTP, pinned by headers'] as const;
export type DoorName = (typeof doorNames)[number];

const pinsOf = (pinning: Pinning, { planted: { inside } }: Mixed) => ({
  ...(pinning !== 'environment' && { account: pinning === 'both' ? inside.id : inside.name }),
  ...(pinning !== 'account' && { environment: 'test' }),
});

/** Answers as JSON-RPC gives them, told alike whatever the transport. */
function told({ result, error }: { result?: unknown; error?: Arguments }): Told {
  const { content } = (result ?? {}) as { content?: { text: string }[] };
  const json = content?.[0] ? JSON.parse(content[0].text) : (result ?? {});
  const code = error ? String(error.code) : json.error?.code;
  return { whole: JSON.stringify(error ?? result), code, json };
}

function doorOf(
  pinning: Pinning,
  surface: SurfaceName,
  ask: PinnedDoor['ask'],
  close: PinnedDoor['close'],
  unpinned: PinnedDoor['ask'] = () => Promise.reject(new Error("The pins are the program's own.")),
): PinnedDoor {
  const call: PinnedDoor['call'] = (name, args) => {
    const [tool, given] = testSurfaces[surface].toolCall(name, args);
    return ask('tools/call', { name: tool, arguments: given });
  };
  return { pinning, ask, unpinned, call, close };
}

/** Opens one program with pins of each kind; by headers, all kinds share one. */
export async function openDoors(
  mixed: Mixed,
  door: DoorName,
  surface: SurfaceName,
  confirm: 'never' | 'change',
  wanted: readonly Pinning[],
): Promise<readonly PinnedDoor[]> {
  const common = ['--base-url', mixed.baseUrl, '--confirm', confirm, '--reveal-secrets'];
  const args = [...common, ...testSurfaces[surface].flags];
  const flagsOf = (pinning: Pinning) =>
    Object.entries(pinsOf(pinning, mixed)).flatMap(([name, value]) => [`--${name}`, value]);
  const ignore = { SYNQLY_PERMISSIONS: 'ignore' };
  if (door === 'stdio') {
    return Promise.all(
      wanted.map(async (pinning) => {
        const env = { SYNQLY_TOKEN: mixed.sandbox.token, ...ignore };
        const { client, close } = await startProgram([...args, ...flagsOf(pinning)], env);
        const ask: PinnedDoor['ask'] = async (method, params) => {
          try {
            // Any method, known to the SDK or not.
            return told({ result: await client.request({ method, params } as never, ResultSchema) });
          } catch (error) {
            if (!(error instanceof McpError)) throw error;
            const { code, message, data } = error;
            return told({ error: { code, message, data } });
          }
        };
        return doorOf(pinning, surface, ask, close);
      }),
    );
  }
  const askOver =
    ({ post }: Awaited<ReturnType<typeof startHttpProgram>>, headers: Record<string, string>) =>
    async (method: string, params: Arguments): Promise<Told> => {
      const authorization = `Bearer ${mixed.sandbox.token}`;
      const response = await post({ method, params }, { authorization, ...headers });
      return told((await response.json()) as { result?: unknown; error?: Arguments });
    };
  const http = [...args, '--rate-per-minute', '1000000'];
  if (door === 'HTTP, pinned by flags') {
    return Promise.all(
      wanted.map(async (pinning) => {
        const program = await startHttpProgram([...http, ...flagsOf(pinning)], ignore);
        return doorOf(pinning, surface, askOver(program, {}), program.close);
      }),
    );
  }
  const program = await startHttpProgram(http, ignore);
  return wanted.map((pinning) => {
    const headers = Object.entries(pinsOf(pinning, mixed)).map(([name, value]) => [`synqly-${name}`, value]);
    const ask = askOver(program, Object.fromEntries(headers));
    return doorOf(pinning, surface, ask, program.close, askOver(program, {}));
  });
}

/** What must hold after any request: nothing was sent to or moved to the other accounts, and nothing of them shown. */
export function assertHeld(
  mixed: Mixed,
  pinning: Pinning,
  asked: unknown,
  { whole }: Told,
  from: number,
): void {
  const why = JSON.stringify(asked);
  const sent = mixed.writes
    .slice(from)
    .filter(
      ({ accounts, leavesOwner, leavesEnvironment }) =>
        leavesOwner ||
        (leavesEnvironment && pinning !== 'account') ||
        accounts.some((one) => mixed.isForeign(one, pinning)),
    );
  expect(
    sent.map(({ told }) => told),
    `sent after ${why}`,
  ).toEqual([]);
  expect(mixed.foreignIn(whole, asked, pinning), `shown after ${why}: ${whole}`).toEqual([]);
}

const endsCall = 'confirmation_required';

/** Calls, and confirms what is asked; own calls must come through, all others must be refused before that. */
export async function callMix(
  mixed: Mixed,
  door: PinnedDoor,
  operation: Operation,
  { args, isOwn }: Mix,
  way: 'call' | 'preview_call',
): Promise<void> {
  const before = mixed.writes.length;
  const why = `${operation.id} ${JSON.stringify(args)}`;
  const told =
    way === 'call'
      ? await door.call(operation.id, args)
      : await door.call('preview_call', { tool: operation.id, arguments: args });
  assertHeld(mixed, door.pinning, args, told, before);
  let last = told;
  if (told.code === endsCall) {
    last = await door.call('confirm_call', { id: told.json.error.confirmation.id });
    assertHeld(mixed, door.pinning, args, last, before);
  }
  if (!isOwn) {
    // Of some reads the answer alone tells whose it is; a preview asks for none.
    const isUnproved = operation.effect === 'read' && ['owner', 'found'].includes(operation.pinRule.kind);
    if (way === 'preview_call' && isUnproved && told.code === undefined) return;
    // The pinned account may be repeated; assertHeld has seen that the call reaches nothing else.
    const { id, name } = mixed.planted.inside;
    const isRepeated =
      holdsWithdrawn(operation, args, door.pinning) && [id, name].includes(String(args.account_id));
    if (isRepeated && [undefined, endsCall].includes(told.code)) return;
    expect(told.code, `${why}: ${told.whole}`).toBe('outside_pin');
    return;
  }
  expect(last.code, `${why}: ${last.whole}`).toBeUndefined();
  const isSent = way === 'call' && operation.effect !== 'read';
  expect(mixed.writes.length - before, why).toBe(isSent ? 1 : 0);
  // What was proved has an id; its name may lead elsewhere by now.
  const { name } = mixed.planted.inside;
  const sent = mixed.writes.slice(before).flatMap(({ named }) => named);
  expect(
    sent.filter((one) => one.startsWith(name)),
    why,
  ).toEqual([]);
}
