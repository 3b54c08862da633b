/* Starts a sandbox: a sample organization behind the Management API, over HTTP on loopback. */
import { setMaxListeners } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createApp, type Exchange } from './app.ts';
import { createFaults, type Fault, type Faults } from './faults.ts';
import type { SandboxState } from './model.ts';
import { createRandom } from './random.ts';
import { type SandboxSize, seedState } from './seed.ts';
import { createState } from './state.ts';

export interface SandboxOptions {
  /** 0 (the default) picks a free port. */
  readonly port?: number;
  /** A loopback address; 127.0.0.1 by default. */
  readonly host?: string;
  /** The same seed and clock give the same sandbox; default 1. */
  readonly seed?: number;
  /** The size of the sample data, or the number of accounts; default `medium`. */
  readonly size?: SandboxSize;
  /** Current time in milliseconds, or a fixed RFC 3339 time; the machine's clock by default. */
  readonly clock?: (() => number) | string;
  readonly faults?: readonly Fault[];
  /** Called with each response. */
  readonly onExchange?: (exchange: Exchange) => void;
}

/** A running sandbox. */
export interface Sandbox {
  /** Such as `http://127.0.0.1:4010`. */
  readonly baseUrl: string;
  /** Access secret of the organization's default token; it changes when the token is reset. */
  readonly token: string;
  readonly state: SandboxState;
  readonly faults: Faults;
  /** Closes every connection, even hanging ones. */
  close(): Promise<void>;
}

const loopback: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);

/** Starts a sandbox. Throws if the host is not loopback, the clock or a fault is invalid, or the port is in use. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port = 0, host = '127.0.0.1', seed = 1, size = 'medium' } = options;
  if (!loopback.has(host)) throw new Error(`The sandbox listens on loopback only, not on "${host}".`);
  const present = readClock(options.clock);
  let behind = 0;
  const state = createState({ seed, clock: () => present() - behind });
  seedState(state, {
    seed,
    size,
    rewind: (milliseconds) => {
      behind = milliseconds;
    },
  });
  const faults = createFaults(options.faults ?? [], createRandom(seed, 'faults'));
  const stop = new AbortController();
  // Every delayed call listens to it, for which Node would warn of a leak.
  setMaxListeners(0, stop.signal);
  const app = createApp({
    state,
    faults,
    random: createRandom(seed, 'requests'),
    onExchange: options.onExchange,
    stopped: stop.signal,
  });
  await app.listen({ port, host });
  const address = app.server.address() as AddressInfo;
  const shownHost = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  let token = '';
  return {
    baseUrl: `http://${shownHost}:${address.port}`,
    get token() {
      token = readDefaultToken(state) ?? token;
      return token;
    },
    state,
    faults,
    close: async () => {
      stop.abort();
      await app.close();
    },
  };
}

function readClock(clock: SandboxOptions['clock']): () => number {
  if (typeof clock === 'function') return clock;
  if (clock === undefined) return Date.now;
  const fixed = Date.parse(clock);
  if (Number.isNaN(fixed)) throw new Error(`The sandbox's clock "${clock}" is not an RFC 3339 time.`);
  return () => fixed;
}

// A logoff with the default token revokes it.
function readDefaultToken(state: SandboxState): string | undefined {
  const token = state.tokens.all().find(({ id }) => id === state.organization.refresh_token_id);
  return (token?.primary as { access: { secret: string } } | undefined)?.access.secret;
}
