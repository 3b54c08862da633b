import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerSchemaOf, facts, sensitivePathsOf } from '../tools/fact-sheet.ts';

export interface PlantingProxy {
  readonly url: string;
  /** Every secret that was planted so far. */
  readonly planted: ReadonlySet<string>;
  /** Operations whose answers were planted in. */
  readonly operations: ReadonlySet<string>;
  close(): void;
}

/** Has characters that each of the usual forms writes differently. */
const secretFor = (id: string, path: string) => `cnry"+/${id}/${path}/é`;

const operations = facts.map((fact) => ({
  fact,
  pattern: new RegExp(`^${fact.path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
  paths: sensitivePathsOf(answerSchemaOf(fact)),
}));

/**
 * Stands between the program and the sandbox, and puts a secret of its own into every place of an answer that the fact sheet
 * marks as secret, also where the sandbox has none.
 */
export async function startPlantingProxy(upstream: string): Promise<PlantingProxy> {
  const planted = new Set<string>();
  const seen = new Set<string>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { host, connection, 'content-length': length, ...headers } = request.headers;
    const answer = await fetch(`${upstream}${request.url}`, {
      method: request.method ?? 'GET',
      headers: headers as Record<string, string>,
      ...(chunks.length > 0 && { body: withoutPlanted(Buffer.concat(chunks).toString(), planted) }),
    });
    const text = await answer.text();
    const { pathname } = new URL(request.url ?? '', upstream);
    const found = operations.find(
      ({ fact, pattern }) => fact.method === request.method && pattern.test(pathname),
    );
    const type = answer.headers.get('content-type') ?? '';
    response.writeHead(answer.status, { 'content-type': type });
    if (!found || !answer.ok || !type.includes('json')) return response.end(text);
    const body = JSON.parse(text);
    for (const path of found.paths) {
      const secret = secretFor(found.fact.operationId, path);
      if (plantAt(body, path.split('.'), secret)) planted.add(secret);
      seen.add(found.fact.operationId);
      // Someone may have copied it to where nothing says that it is one, and as the name of a field.
      body.copies = {
        ...body.copies,
        [secret]: Buffer.from(`user:${secret}`).toString('base64'),
        [`name of ${encodeURIComponent(secret).toLowerCase()}`]: [JSON.stringify({ secret })],
      };
    }
    return response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    planted,
    operations: seen,
    close: () => server.close().closeAllConnections(),
  };
}

/** An update puts back what it has read; the sandbox has never seen what was planted in between. */
function withoutPlanted(body: string, planted: ReadonlySet<string>): string {
  const strip = (value: unknown): unknown => {
    if (planted.has(value as string)) return undefined;
    if (typeof value !== 'object' || value === null || JSON.stringify(value).length <= 2) return value;
    if (Array.isArray(value)) return nonEmpty(value.map(strip).filter((item) => item !== undefined));
    const entries = Object.entries(value).map(([name, part]) => [name, strip(part)] as const);
    const { type, ...rest } = Object.fromEntries(entries.filter(([, part]) => part !== undefined));
    return type === 'token' && 'secret' in value && Object.keys(rest).length === 0
      ? undefined
      : nonEmpty(type === undefined ? rest : { type, ...rest });
  };
  return JSON.stringify(strip(JSON.parse(body)));
}

function nonEmpty<Value extends object>(value: Value): Value | undefined {
  return Object.keys(value).length === 0 ? undefined : value;
}

// biome-ignore lint/suspicious/noExplicitAny: answers of any shape
function plantAt(value: any, path: readonly string[], secret: string): boolean {
  const [step = '', ...rest] = path;
  const name = step.replace('[]', '');
  if (typeof value !== 'object' || value === null) return false;
  if (step.endsWith('[]')) {
    value[name] ??= [{}];
    return value[name].map((item: unknown) => plantAt(item, rest, secret)).includes(true);
  }
  if (rest.length > 0) {
    value[name] ??= {};
    return plantAt(value[name], rest, secret);
  }
  // Open objects keep what they hold, beside a credential.
  const isOpen = typeof value[name] === 'object' && value[name] !== null;
  value[name] = isOpen ? { ...value[name], credential: { type: 'token', secret } } : secret;
  return true;
}
