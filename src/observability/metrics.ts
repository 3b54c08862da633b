import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CallRecord } from './call-record.ts';

/** What is counted of an HTTP server, for Prometheus. No label holds a token or an id. */
export interface Metrics {
  observeCall(record: CallRecord): void;
  readonly rejected: Counter<'reason'>;
  /** Verdicts on tokens, by where they came from. */
  readonly authChecks: Counter<'from'>;
  /** The text of the exposition format, with its content type. */
  expose(): Promise<{ contentType: string; text: string }>;
}

/**
 * @param inFlight how many requests are being served
 * @param streams how many streams are open
 */
export function createMetrics(inFlight: () => number, streams: () => number): Metrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const calls = new Counter({
    name: 'synqly_mcp_calls_total',
    help: 'Finished tool calls.',
    labelNames: ['tool', 'outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'synqly_mcp_call_duration_seconds',
    help: 'Time of tool calls, Synqly included.',
    labelNames: ['tool'],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 55],
    registers,
  });
  const upstream = new Counter({
    name: 'synqly_mcp_upstream_status_total',
    help: 'Calls by the HTTP status that Synqly answered last.',
    labelNames: ['status'],
    registers,
  });
  new Gauge({
    name: 'synqly_mcp_requests_in_flight',
    help: 'Requests being served.',
    registers,
    collect() {
      this.set(inFlight());
    },
  });
  new Gauge({
    name: 'synqly_mcp_streams_open',
    help: 'Streams on which clients wait for requests of the server.',
    registers,
    collect() {
      this.set(streams());
    },
  });
  return {
    authChecks: new Counter({
      name: 'synqly_mcp_auth_checks_total',
      help: 'Verdicts on bearer tokens: checked at Synqly, remembered, or from the store of MCP tokens.',
      labelNames: ['from'],
      registers,
    }),
    rejected: new Counter({
      name: 'synqly_mcp_requests_rejected_total',
      help: 'Requests refused before any call.',
      labelNames: ['reason'],
      registers,
    }),
    observeCall: ({ tool, outcome, milliseconds, status }) => {
      calls.inc({ tool, outcome });
      seconds.observe({ tool }, milliseconds / 1000);
      if (status !== undefined) upstream.inc({ status: String(status) });
    },
    expose: async () => ({ contentType: register.contentType, text: await register.metrics() }),
  };
}
