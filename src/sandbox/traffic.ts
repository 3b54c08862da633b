/*
 * Simulated traffic of integrations: pure functions of the integration's id and a time or sequence number, so that
 * the same seed and clock give the same numbers.
 */
import { createHash } from 'node:crypto';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** The requests of a time span and their total cost. `cpu_time` is in microseconds. */
export interface Sample {
  succeeded: number;
  failed: number;
  cpu_time: number;
  in_bytes: number;
  out_bytes: number;
}

/** The simulated use of an integration by connectors. */
export interface Traffic {
  /** Average requests in five minutes. */
  readonly perSpan: number;
  /** Share of requests that fail although the provider works, 0 to 1. */
  readonly failureShare: number;
}

// Occasional errors of working providers.
const transientErrors = [
  'provider answered 429 Too Many Requests',
  'provider answered 503 Service Unavailable',
  'no answer from the provider within 30s',
] as const;

/** Five minutes of background traffic, with an error if some of it failed. */
export function backgroundSample(
  integrationId: string,
  span: number,
  traffic: Traffic,
  standingError: string | undefined,
): { sample: Sample; error?: string } {
  const draw = numberSource(integrationId, span);
  const requests = draw(0, Math.round(2 * traffic.perSpan));
  let failed = 0;
  if (standingError !== undefined) failed = requests;
  else
    for (let request = 0; request < requests; request++)
      if (draw(0, 9999) < traffic.failureShare * 10_000) failed++;
  const sample = cost(requests - failed, failed, draw);
  if (failed === 0) return { sample };
  return {
    sample,
    error: standingError ?? transientErrors[draw(0, transientErrors.length - 1)] ?? transientErrors[0],
  };
}

/** The cost of one request, the `number`-th of the integration. */
export function requestSample(integrationId: string, number: number, failed: boolean): Sample {
  return failed
    ? cost(0, 1, numberSource(integrationId, -number))
    : cost(1, 0, numberSource(integrationId, -number));
}

export function emptySample(): Sample {
  return { succeeded: 0, failed: 0, cpu_time: 0, in_bytes: 0, out_bytes: 0 };
}

/** Adds `more` to `sum` in place. */
export function addSample(sum: Sample, more: Sample): void {
  sum.succeeded += more.succeeded;
  sum.failed += more.failed;
  sum.cpu_time += more.cpu_time;
  sum.in_bytes += more.in_bytes;
  sum.out_bytes += more.out_bytes;
}

type NumberSource = (from: number, to: number) => number;

function numberSource(integrationId: string, position: number): NumberSource {
  const seed = createHash('sha256').update(`${integrationId} ${position}`).digest().readInt32BE(0);
  const generator = xoroshiro128plus(seed);
  return (from, to) => uniformInt(generator, from, to);
}

// A rejected request takes time but returns few bytes.
function cost(succeeded: number, failed: number, draw: NumberSource): Sample {
  return {
    succeeded,
    failed,
    cpu_time: succeeded * draw(900, 2600) + failed * draw(400, 900),
    in_bytes: succeeded * draw(1_500, 9_000) + failed * draw(150, 400),
    out_bytes: (succeeded + failed) * draw(250, 1_400),
  };
}
