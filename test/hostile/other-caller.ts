import { setTimeout as pause } from 'node:timers/promises';
import { type Endpoint, type HttpRig, startHttpRig } from '../e2e/http-support.ts';
import { type Attack, delayedTool } from './attacks.ts';

/** One request of the caller that means no harm. */
export interface Visit {
  readonly status: number;
  /** Whether it was answered as it should be. */
  readonly isServed: boolean;
  readonly milliseconds: number;
  /** Whether the attack was under way when it was sent. */
  readonly beganDuring: boolean;
  /** Whether the attack was still under way when the answer came. */
  readonly isDuring: boolean;
}

/** What became of the other caller's requests, one after the other, without an attack and during one. */
export interface Outcome {
  readonly before: readonly Visit[];
  readonly during: readonly Visit[];
  /** What the server wrote meanwhile. */
  readonly stderr: string;
}

export interface Manner {
  /** Visits during an attack, which begins anew until there were so many, or for `mostRounds` times. */
  readonly least?: number;
  /** Milliseconds between two visits. */
  readonly between?: number;
  /** Makes all ready for an attack; here, or in another process. */
  readonly prepare?: (attack: Attack, endpoint: Endpoint, token: string) => Promise<Prepared>;
}

/** An attack that only waits to begin. */
export interface Prepared {
  /** Resolves when it is over. */
  run(): Promise<void>;
  end(): void;
}

const prepareHere: NonNullable<Manner['prepare']> = async (attack, endpoint, token) => ({
  run: () => attack.run(endpoint, token),
  end: () => {},
});

const mostRounds = 40;

const initialize = {
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'other', version: '1' },
  },
};

const messages = [
  { method: 'ping' },
  // A tool of both surfaces, which reads at Synqly.
  { method: 'tools/call', params: { name: 'whoami', arguments: {} } },
];

/** Starts a server, lets one caller attack it, and another one ask as it always does. */
export async function withstand(
  attack: Attack,
  { least = 0, between = 40, prepare = prepareHere }: Manner = {},
): Promise<Outcome> {
  const rig = await startHttpRig({
    sandbox: { size: 'small' },
    args: ['--permissions', 'ignore', '--rate-per-minute', '100000', ...(attack.args ?? [])],
  });
  try {
    const { secret } = await rig.makeToken({ permission_set: 'administrator', resources: {} });
    const isSlow = attack.delay !== undefined;
    if (isSlow) rig.sandbox.faults.add({ route: delayedTool, delay: (attack.delay ?? 0) * 1_000 });
    const headers = await headersOf(rig, attack.args?.includes('--sessions') ?? false);
    const visits = async (count: number) => {
      const made: Visit[] = [];
      for (let index = 0; index < count; index += 1) made.push(await visit(rig, headers, index, () => false));
      return made;
    };
    // The first ones find a process that has not compiled anything yet.
    await visits(20);
    const before = await visits(40);
    let isUnderWay = true;
    const during: Visit[] = [];
    const prepared = await prepare(attack, rig, secret);
    const attackAgain = async () => {
      for (let round = 0; round === 0 || (during.length < least && round < mostRounds); round += 1)
        await prepared.run();
    };
    const attacking = attackAgain().finally(() => {
      isUnderWay = false;
      prepared.end();
    });
    // At least one more after it: the process must have outlived it.
    for (let index = 0; isUnderWay || index < 4; index += 1) {
      during.push(await visit(rig, headers, index, () => isUnderWay));
      await pause(between);
    }
    await attacking;
    return { before, during, stderr: rig.stderr() };
  } finally {
    await rig.close();
  }
}

async function headersOf(rig: HttpRig, withSession: boolean): Promise<Record<string, string>> {
  const authorization = `Bearer ${rig.sandbox.token}`;
  if (!withSession) return { authorization };
  const opened = await rig.post(initialize, { authorization });
  await opened.text();
  return { authorization, 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
}

async function visit(
  rig: HttpRig,
  headers: Record<string, string>,
  index: number,
  isUnderWay: () => boolean,
): Promise<Visit> {
  const from = performance.now();
  const beganDuring = isUnderWay();
  const answer = await rig
    .post(messages[index % messages.length] ?? {}, headers)
    .then(async (response) => ({ status: response.status, text: await response.text() }))
    .catch((error: Error) => ({ status: 0, text: error.message }));
  return {
    status: answer.status,
    isServed: answer.text.includes('"result"') && !answer.text.includes('"isError"'),
    milliseconds: performance.now() - from,
    beganDuring,
    isDuring: isUnderWay(),
  };
}

/** The time below which so much of the visits stayed. */
export function quantile(visits: readonly Visit[], share: number): number {
  const sorted = visits.map(({ milliseconds }) => milliseconds).sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
