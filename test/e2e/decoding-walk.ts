import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isJsonObject } from '../../src/lib/json.ts';
import { dispatcherFor } from '../../src/surfaces/compact/definitions.ts';
import { catalogue } from '../../src/tools/catalogue.ts';
import type { Operation } from '../../src/tools/define-operation.ts';
import { argumentSchemaOf } from '../../src/tools/json-schema.ts';
import { objectOf, type Schema } from './arbitrary-arguments.ts';
import { encodings } from './encodings.ts';
import { type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import { type Program, startProgram } from './support.ts';

let fake: FakeSynqly;
let full: Program;
let compact: Program;
let current: Operation | undefined;

const object = { id: 'x', name: 'x', created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z' };

/** A call exactly as it is given: the helper of other tests asks for all fields of lists. */
async function call({ client }: Program, name: string, args: Record<string, unknown>) {
  const { content } = await client.callTool({ name, arguments: args });
  const [{ text = '' } = {}] = content as { text: string }[];
  return { text, json: JSON.parse(text) as unknown };
}

/** What a call asks of Synqly, and what it shows of a list. */
async function effectOf(operation: Operation, program: Program, name: string, args: Record<string, unknown>) {
  current = operation;
  const before = fake.requests.length;
  const { json, text } = await call(program, name, args);
  const sent = fake.requests.slice(before).map(({ method, path, query, body }) => ({
    method,
    path,
    query: query.toString(),
    body: body === '' ? undefined : JSON.parse(body),
  }));
  const error = isJsonObject(json) && isJsonObject(json.error) ? json.error.code : undefined;
  return { sent, error, shown: operation.listing ? text : undefined };
}

const schemaOf = (operation: Operation) => argumentSchemaOf(operation) as Schema;

/** The same arguments as a client may write them. */
function written(operation: Operation, args: Record<string, unknown>, choices: readonly number[]) {
  const { properties = {}, required = [] } = schemaOf(operation);
  const entries = Object.entries(properties).flatMap(([name, property], index): [string, unknown][] => {
    const choice = choices[index % choices.length] ?? 0;
    if (name in args) {
      const encode = encodings[choice % encodings.length];
      return [[name, encode?.(args[name], property, name)]];
    }
    // What is not given: left out, empty, or nothing.
    if (operation.replacesWhole || required.includes(name)) return [];
    return ([[], [[name, '']], [[name, null]]] as [string, unknown][][])[choice % 3] ?? [];
  });
  return Object.fromEntries(entries);
}

const sample = (operation: Operation) =>
  fc.tuple(
    objectOf(schemaOf(operation), Object.keys(operation.params)),
    fc.array(fc.nat(1_000), { minLength: 16, maxLength: 16 }),
  );

const isNothing = (value: unknown) => value === '' || value === null;

/** Tests of every operation, with so many sets of arguments of each. */
export function walkDecoding(runs: number, seed: number): void {
  beforeAll(async () => {
    fake = await startFakeSynqly(({ method, path }) => {
      if (method !== 'GET') return { json: { result: object } };
      // Names in bodies are looked up: each object that is asked for exists.
      const id = decodeURIComponent(path.split('/').at(-1) ?? '');
      return { json: { result: current?.listing ? [object] : { ...object, id, name: id } } };
    });
    const start = (...more: string[]) =>
      startProgram(['--base-url', fake.url, '--confirm', 'never', '--log-level', 'silent', ...more], {
        SYNQLY_TOKEN: 'token-of-the-test',
        SYNQLY_PERMISSIONS: 'ignore',
        SYNQLY_AUDIT_LOG: '/dev/null',
      });
    [full, compact] = await Promise.all([start(), start('--surface', 'compact')]);
  });
  afterAll(async () => {
    await Promise.all([full.close(), compact.close()]);
    fake.close();
  });
  test.each(catalogue.map((operation) => [operation.id, operation] as const))(
    '%s: arguments written as text are the arguments themselves',
    async (_, operation) => {
      const property = fc.asyncProperty(sample(operation), async ([args, choices]) => {
        const plain = await effectOf(operation, full, operation.id, args);
        // What an invented answer does not hold (a part of a document) is another error, the same both times.
        // Of a document only one part may be asked for at a time, which its schema does not say.
        if (operation.group !== 'meta') expect(plain.error).not.toBe('invalid_arguments');
        const write = plain.sent.at(-1);
        // Nothing of what was given right is decoded into something else.
        if (operation.method === 'POST' && operation.body && operation.bodyIn === undefined) {
          const names = Object.keys(operation.body).filter((name) => name in args && !isNothing(args[name]));
          const given = Object.fromEntries(names.map((name) => [name, args[name]]));
          expect(write?.body).toEqual(JSON.parse(JSON.stringify(given)));
        }
        if (operation.method === 'PATCH') expect(write?.body).toEqual(JSON.parse(JSON.stringify(args.patch)));
        const encoded = written(operation, args, choices);
        expect(await effectOf(operation, full, operation.id, encoded)).toEqual(plain);
        const inner = JSON.stringify(encoded);
        const run = { operation: operation.id, arguments: (choices[0] ?? 0) % 2 === 0 ? inner : encoded };
        expect(await effectOf(operation, compact, dispatcherFor(operation.effect).id, run)).toEqual(plain);
      });
      await fc.assert(property, { numRuns: runs, seed });
    },
  );
}
