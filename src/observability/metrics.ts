import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CallRecord } from './call-record.ts';

/** Prometheus metrics of an HTTP server. No label holds a token or an id. */
export interface Metrics {
  observeCall(record: CallRecord): void;
  readonly rejected: Counter<'reason'>;
  /** Token checks, by the source of the result. */
  readonly authChecks: Counter<'from'>;
  /** The metrics in the exposition format, with its content type. */
  expose(): Promise<{ contentType: string; text: string }>;
}

/**
 * @param inFlight number of requests in progress
 * @param streams number of open streams
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
    help: 'Duration of tool calls, including requests to Synqly.',
    labelNames: ['tool'],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 55],
    registers,
  });
  const upstream = new Counter({
    name: 'synqly_mcp_upstream_status_total',
    help: "Tool calls by the HTTP status of Synqly's last response.",
    labelNames: ['status'],
    registers,
  });
  new Gauge({
    name: 'synqly_mcp_requests_in_flight',
    help: 'Requests in progress.',
    registers,
    collect() {
      this.set(inFlight());
    },
  });
  new Gauge({
    name: 'synqly_mcp_streams_open',
    help: 'Open streams for server messages.',
    registers,
    collect() {
      this.set(streams());
    },
  });
  return {
    authChecks: new Counter({
      name: 'synqly_mcp_auth_checks_total',
      help: 'Checks of bearer tokens, by source: checked at Synqly, cached, or from the store of MCP tokens.',
      labelNames: ['from'],
      registers,
    }),
    rejected: new Counter({
      name: 'synqly_mcp_requests_rejected_total',
      help: 'Requests rejected before any tool call.',
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
