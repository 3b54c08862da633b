import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WrittenForm, writtenForms } from '../lib/written-forms.ts';
import { answerSchemaOf, facts, sensitivePathsOf } from '../tools/fact-sheet.ts';

export interface PlantingProxy {
  readonly url: string;
  /** Every secret that was planted so far. */
  readonly planted: ReadonlySet<string>;
  /** Operations whose answers were planted in. */
  readonly operations: ReadonlySet<string>;
  /** Kinds of forms in which secrets of requests were repeated, by where. */
  readonly repeated: Readonly<Record<Repeats, Set<string>>>;
  /** From now on all that is asked fails with this status, and problems that repeat the secrets of the request; or not. */
  failWith(status: number | undefined): void;
  close(): void;
}

/** Where secrets of a request are repeated: in the header of its id, in what succeeded, and in problems. */
type Repeats = 'header' | 'answer' | 'problem';

/** Has characters that each of the usual forms writes differently. */
const secretFor = (id: string, path: string) => `cnry"+/${id}/${path}/é`;

const operations = facts.map((fact) => ({
  fact,
  pattern: new RegExp(`^${fact.path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
  paths: sensitivePathsOf(answerSchemaOf(fact)),
}));

/**
 * Stands between the program and the sandbox, and puts a secret of its own into every place of an answer that the fact sheet
 * marks as secret, also where the sandbox has none. What a request holds of the given secrets, and its bearer, it repeats in
 * one form after the other: in the request's id, in rows, in texts of providers, in names of fields and in problems.
 */
export async function startPlantingProxy(
  upstream: string,
  given: readonly string[] = [],
): Promise<PlantingProxy> {
  const planted = new Set<string>();
  const repeated = { header: new Set<string>(), answer: new Set<string>(), problem: new Set<string>() };
  let failure: number | undefined;
  let turn = 0;
  const seen = new Set<string>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { host, connection, 'content-length': length, ...headers } = request.headers;
    const sent = Buffer.concat(chunks).toString();
    turn += 1;
    const texts = secretsOf(sent, headers.authorization, given).map((secret) => {
      const forms = writtenForms(secret);
      return forms[turn % forms.length] as WrittenForm;
    });
    const repeat = (where: Repeats) =>
      texts.map(({ kind, text }) => {
        repeated[where].add(kind);
        return text;
      });
    const isPlain = texts.every(({ text }) => /^[\x20-\x7e]+$/.test(text));
    const id: Record<string, string> =
      isPlain && turn % 3 > 0 ? { 'x-request-id': repeat('header').join(' ') } : {};
    if (failure !== undefined) {
      response.writeHead(failure, { 'content-type': 'application/problem+json', 'retry-after': '61', ...id });
      return response.end(JSON.stringify(problemWith(repeat('problem'), failure)));
    }
    const answer = await fetch(`${upstream}${request.url}`, {
      method: request.method ?? 'GET',
      headers: headers as Record<string, string>,
      ...(chunks.length > 0 && { body: withoutPlanted(sent, planted) }),
    });
    const text = await answer.text();
    const { pathname } = new URL(request.url ?? '', upstream);
    const found = operations.find(
      ({ fact, pattern }) => fact.method === request.method && pattern.test(pathname),
    );
    const type = answer.headers.get('content-type') ?? '';
    response.writeHead(answer.status, { 'content-type': type, ...id });
    if (!found || !answer.ok || !type.includes('json')) return response.end(text);
    const body = JSON.parse(text);
    const said = repeat('answer');
    if (isObject(body)) repeatIn(body, said);
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
    if (isObject(body)) repeatInAudit(body, said);
    return response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    planted,
    operations: seen,
    repeated,
    failWith: (status) => {
      failure = status;
    },
    close: () => server.close().closeAllConnections(),
  };
}

/** The secrets that a request holds: its bearer, and arguments, which stand in its body as JSON. */
function secretsOf(body: string, authorization = '', given: readonly string[]): string[] {
  const held = given.filter((secret) => body.includes(JSON.stringify(secret).slice(1, -1)));
  return [...held, authorization.replace(/^Bearer /, '')];
}

/** Repeats texts in the rows of an answer, as those who write about a failure do. */
function repeatIn(body: Record<string, unknown>, texts: readonly string[]): void {
  const said = Object.fromEntries(texts.map((text) => [text, `the provider said "${text}"`]));
  const rows = (Array.isArray(body.result) ? body.result : [body.result]).filter(isObject);
  for (const row of rows) {
    row.last_failed_auth = { message: texts.join(' '), ...said };
    row.status_messages = texts;
    if ('audit_type' in row) row.user_agent = texts.join(';');
  }
  body.messages = { ...(isObject(body.messages) ? body.messages : {}), problems: [problemWith(texts, 400)] };
}

/** Repeats texts in what the audit log of Synqly tells of a request, as JSON and as text; the other rows stay. */
function repeatInAudit({ result }: Record<string, unknown>, texts: readonly string[]): void {
  const last = Array.isArray(result) && result.length > 1 ? result.at(-1) : undefined;
  if (!isObject(last) || !('audit_type' in last)) return;
  last.body = JSON.stringify({ config: { secret: texts } });
  last.response = { result: Object.fromEntries(texts.map((text) => [text, text])) };
}

/** A Problem (schema Problem of the fact sheet) that repeats texts wherever it has one. */
function problemWith(texts: readonly string[], status: number): Record<string, unknown> {
  const text = texts.join(' and ');
  const told = { message: `message ${text}`, detail: text, remediation: `use ${text}`, type: `urn:${text}` };
  return {
    ...told,
    status,
    instance: text,
    context: {
      parameter: { id: text, location: 'body', value: text },
      resources: [{ type: 'credential', id: text, rel: 'affected' }],
      raw_error: JSON.stringify({ error: text }),
      provider_details: { [text]: text, words: text },
    },
    cause: [
      { ...told, context: { raw_error: text, parameter: { id: text, location: 'body', value: text } } },
    ],
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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
