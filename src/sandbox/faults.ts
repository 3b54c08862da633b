/* Faults: errors that the sandbox injects, for chosen routes or a share of the calls. */
import { operationFacts } from './facts.ts';
import type { Random } from './random.ts';

/** Kinds of faulty response bodies. */
export const faultBodies = ['broken-json', 'html', 'empty', 'drip', 'huge'] as const;
export type FaultBody = (typeof faultBodies)[number];

/** One fault. Without any effect it does nothing. */
export interface Fault {
  /** `GET /v1/accounts`, `GET /v1/accounts/{accountId}`, an operation id, or `*` (the default) for all. */
  readonly route?: string;
  /** Share of the calls it applies to, 0 to 1; default 1. */
  readonly share?: number;
  /** Number of calls it applies to; unlimited by default. */
  readonly times?: number;
  /** Answer with this status, and a Problem unless `body` says otherwise. */
  readonly status?: number;
  /** `Retry-After` header: seconds, or an HTTP date. */
  readonly retryAfter?: number | string;
  /** Delay before the call continues, in milliseconds. */
  readonly delay?: number;
  /** Never respond. */
  readonly hang?: boolean;
  /** Break the connection. */
  readonly reset?: boolean;
  readonly body?: FaultBody;
  /** Bytes of a `huge` or `drip` body; 50 MB and 1 MB by default. */
  readonly size?: number;
  /** Repeat the request's Authorization header and body in the Problem (status 400 unless stated). */
  readonly echo?: boolean;
}

/** The faults of a running sandbox, which can be changed while it runs. */
export interface Faults {
  /** Throws for an invalid fault; the message says what is wrong. */
  add(fault: Fault): void;
  clear(): void;
  all(): readonly Fault[];
  /** The first fault that matches a call, if any. Uses up its `times`. */
  matchFault(call: { operationId: string | undefined; method: string; route: string }): Fault | undefined;
}

/** Creates the fault list of a sandbox. */
export function createFaults(first: readonly Fault[], random: Random): Faults {
  let armed: { fault: Fault; left: number }[] = [];
  const add = (fault: Fault) => {
    checkFault(fault);
    armed.push({ fault, left: fault.times ?? Infinity });
  };
  first.forEach(add);
  return {
    add,
    clear: () => {
      armed = [];
    },
    all: () => armed.map(({ fault }) => fault),
    matchFault: (call) => {
      for (const entry of armed) {
        if (entry.left < 1 || !fits(entry.fault.route ?? '*', call)) continue;
        if (entry.fault.share !== undefined && !random.chance(entry.fault.share)) continue;
        entry.left -= 1;
        return entry.fault;
      }
      return undefined;
    },
  };
}

function fits(
  route: string,
  call: { operationId: string | undefined; method: string; route: string },
): boolean {
  return route === '*' || route === call.operationId || route === `${call.method} ${call.route}`;
}

function checkFault(fault: Fault): void {
  const { route = '*', share, times, status, delay, size } = fault;
  const routes = operationFacts().flatMap((fact) => [fact.operationId, `${fact.method} ${fact.path}`]);
  if (route !== '*' && !routes.includes(route)) {
    throw new Error(
      `Fault: there is no route "${route}". Give an operation id, "METHOD /path/{template}" or "*".`,
    );
  }
  requireRange('share', share, 0, 1);
  requireRange('status', status, 200, 599, true);
  requireRange('times', times, 1, Infinity, true);
  requireRange('delay', delay, 0, Infinity);
  requireRange('size', size, 0, Infinity, true);
  if (fault.body !== undefined && !faultBodies.includes(fault.body)) {
    throw new Error(`Fault: body must be one of ${faultBodies.join(', ')}, not "${fault.body}".`);
  }
}

function requireRange(
  name: string,
  value: number | undefined,
  low: number,
  high: number,
  whole = false,
): void {
  if (value === undefined) return;
  const fitsRange = value >= low && value <= high && (!whole || Number.isInteger(value));
  if (fitsRange) return;
  const range = high === Infinity ? `at least ${low}` : `from ${low} to ${high}`;
  throw new Error(`Fault: ${name} must be ${whole ? 'a whole number' : 'a number'} ${range}.`);
}

const readers: Readonly<Record<string, (text: string, key: string) => unknown>> = {
  share: toNumber,
  times: toNumber,
  status: toNumber,
  delay: toNumber,
  size: toNumber,
  retryAfter: (text) => (/^\d+$/.test(text) ? Number(text) : text),
  hang: toFlag,
  reset: toFlag,
  echo: toFlag,
  body: (text) => text,
};

/**
 * Parses a fault of the command line, `route:key=value,key,…`, such as `accounts_list:status=503,times=1` or
 * `*:delay=200,share=0.1`. Throws an Error that says what is wrong.
 */
export function parseFault(text: string): Fault {
  const at = text.indexOf(':');
  if (at < 1)
    throw new Error(`Fault "${text}": write it as route:key=value,… (such as accounts_list:status=503).`);
  const fault: Record<string, unknown> = { route: text.slice(0, at) };
  for (const part of text.slice(at + 1).split(',')) {
    const [written = '', value = 'true'] = part.split(/=(.*)/s);
    const key = written === 'retry-after' ? 'retryAfter' : written;
    const read = Object.hasOwn(readers, key) ? readers[key] : undefined;
    if (!read) {
      throw new Error(
        `Fault "${text}": unknown key "${written}". Known: ${Object.keys(readers).join(', ')}.`,
      );
    }
    fault[key] = read(value, key);
  }
  checkFault(fault as Fault);
  return fault as Fault;
}

function toNumber(text: string, key: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value))
    throw new Error(`Fault: ${key} must be a number, not "${text}".`);
  return value;
}

function toFlag(text: string, key: string): boolean {
  if (text !== 'true' && text !== 'false')
    throw new Error(`Fault: ${key} is either true or false, not "${text}".`);
  return text === 'true';
}
