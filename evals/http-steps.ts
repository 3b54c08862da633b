import type { FieldCheck, HttpStep } from './task.ts';

/** Values of the placeholders `${NAME}` in steps. */
export type Variables = Readonly<Record<string, string>>;

/** Makes the requests of a task in order. Returns what was not as expected. */
export async function runSteps(
  steps: readonly { http: HttpStep }[],
  variables: Variables,
): Promise<string[]> {
  const problems: string[] = [];
  for (const { http } of steps) problems.push(...(await runStep(http, variables)));
  return problems;
}

async function runStep(step: HttpStep, variables: Variables): Promise<string[]> {
  const fill = (text: string) =>
    text.replaceAll(/\$\{(\w+)\}/g, (placeholder, name) => variables[name] ?? placeholder);
  const { method, body, expect } = step;
  const url = fill(step.url);
  const headers = new Headers(Object.entries(step.headers).map(([name, value]) => [name, fill(value)]));
  if (body) headers.set('content-type', 'application/json');
  const response = await fetch(url, {
    method,
    headers,
    ...(body && { body: 'raw' in body ? body.raw : JSON.stringify(body.json) }),
  });
  const text = await response.text();
  const { pathname, search } = new URL(url);
  const problems = [
    ...(response.status === expect.status ? [] : [`status ${response.status}, not ${expect.status}`]),
    ...(expect.body?.match === undefined || new RegExp(expect.body.match).test(text)
      ? []
      : [`the body does not match ${expect.body.match}`]),
    ...(expect.body?.fields ? checkFields(expect.body.fields, text) : []),
  ];
  return problems.map((problem) => `${method} ${decodeURIComponent(pathname + search)}: ${problem}`);
}

function checkFields(fields: readonly FieldCheck[], text: string): string[] {
  const body = parseJson(text);
  return body === undefined ? ['the body is not JSON'] : fields.flatMap((field) => checkField(field, body));
}

function checkField({ path, equals, type, match, exists }: FieldCheck, body: unknown): string[] {
  const value = valueAt(body, path);
  if (value === undefined) {
    return exists === false ? [] : [`${path} is missing`];
  }
  if (exists === false) return [`${path} exists`];
  const shown = JSON.stringify(value);
  return [
    ...(equals === undefined || shown === JSON.stringify(equals)
      ? []
      : [`${path} is ${shown}, not ${JSON.stringify(equals)}`]),
    ...(type === undefined || typeOf(value) === type ? [] : [`${path} is ${typeOf(value)}, not ${type}`]),
    ...(match === undefined || (typeof value === 'string' && new RegExp(match).test(value))
      ? []
      : [`${path} is ${shown}, which does not match ${match}`]),
  ];
}

/** The value at a path such as `result[0].name`; undefined if there is none. */
function valueAt(body: unknown, path: string): unknown {
  let value = body;
  for (const [, name, index] of path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, name ?? Number(index));
  }
  return value;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
