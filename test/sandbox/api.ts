import type { Exchange } from '../../src/sandbox/app.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/start.ts';

export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
  readonly body: any;
  readonly headers: Headers;
}

/** A running sandbox and plain HTTP calls to it with its organization token. */
export interface Api {
  readonly sandbox: Sandbox;
  /** Answers so far, oldest first. */
  readonly exchanges: readonly Exchange[];
  get(path: string, query?: Query): Promise<Reply>;
  post(path: string, body?: unknown): Promise<Reply>;
  put(path: string, body?: unknown): Promise<Reply>;
  patch(path: string, operations: readonly PatchStep[]): Promise<Reply>;
  delete(path: string): Promise<Reply>;
  /** The same with another token. */
  as(token: string): Api;
  close(): Promise<void>;
}

type Query = Readonly<Record<string, string | readonly string[]>>;
interface PatchStep {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** Time at which the sandbox of a test stands still. */
export const testTime = '2026-11-02T09:00:00.000Z';

/** Starts a small sandbox whose clock stands still. */
export async function openApi(options: SandboxOptions = {}): Promise<Api> {
  const exchanges: Exchange[] = [];
  const sandbox = await startSandbox({
    size: 'small',
    clock: testTime,
    ...options,
    onExchange: (exchange) => exchanges.push(exchange),
  });
  return apiWith(sandbox, exchanges, () => sandbox.token);
}

function apiWith(sandbox: Sandbox, exchanges: readonly Exchange[], token: () => string): Api {
  async function call(method: string, path: string, body?: unknown): Promise<Reply> {
    const response = await fetch(sandbox.baseUrl + path, {
      method,
      headers: {
        authorization: `Bearer ${token()}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? undefined : JSON.parse(text),
      headers: response.headers,
    };
  }
  return {
    sandbox,
    exchanges,
    get: (path, query = {}) => call('GET', path + toSearch(query)),
    post: (path, body) => call('POST', path, body),
    put: (path, body) => call('PUT', path, body),
    patch: (path, operations) => call('PATCH', path, operations),
    delete: (path) => call('DELETE', path),
    as: (other) => apiWith(sandbox, exchanges, () => other),
    close: () => sandbox.close(),
  };
}

function toSearch(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, value]),
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs as [string, string][])}`;
}

/** Creates an account and gives its id. */
export async function addAccount(api: Api, name: string, environment = 'test'): Promise<string> {
  const { body } = await api.post('/v1/accounts', { name, environment });
  return body.result.account.id;
}

/** A Splunk configuration; its provider takes any secret that mock-provider.ts does not refuse. */
export function splunkConfig(secret = 'good-secret', url = 'https://splunk.example.com:8089') {
  return {
    type: 'siem_splunk',
    search_service_url: url,
    search_service_credential: { type: 'token', secret },
  };
}
