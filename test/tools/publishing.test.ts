import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { catalogue, findOperation } from '../../src/tools/catalogue.ts';
import type { Operation } from '../../src/tools/define-operation.ts';
import { inputSchemaOf } from '../../src/tools/json-schema.ts';
import { compare } from './compare.ts';
import type { Schema } from './fact-sheet.ts';
import { type Place, sketchesOf } from './walk.ts';

const wholeSchemaOf = (field: z.core.$ZodType) =>
  z.toJSONSchema(field, { io: 'input', reused: 'inline' }) as Schema;

describe.each(catalogue)('$id', (operation) => {
  test('publishes the schema it accepts, without null, small checks, second forms and abbreviated parts', () => {
    const published = inputSchemaOf(operation) as Schema;
    const sketched = sketchesOf(operation).map(({ path }) => `${operation.id}.${path}`);
    const lost = compare(operation.id, wholeSchemaOf(operation.input), published).filter(
      ({ where, what }) =>
        !isHidden(what) && !isSecondForm(where, what) && !sketched.some((place) => where.startsWith(place)),
    );
    expect(lost).toEqual([]);
  });
});

/** What can be expanded has a singular and a plural, which mean the same: only one of them is published. */
function isSecondForm(where: string, what: string): boolean {
  const [, published = '', taken = ''] = /^enum: (.+) instead of (.+)$/.exec(what) ?? [];
  const [few, all] = [published.split(' '), taken.split(' ')];
  const rest = all.filter((value) => !few.includes(value));
  return where.endsWith('.expand[]') && rest.length > 0 && rest.every((value) => few.includes(`${value}s`));
}

function isHidden(what: string): boolean {
  return (
    what === 'null: false instead of true' ||
    what === 'minimum: none instead of 1' ||
    // An open object does not say so; the policy test knows which objects may be open.
    what === 'open: false instead of true' ||
    /^(pattern|minLength|maxLength|minItems): none instead of /.test(what)
  );
}

const sketches = catalogue.flatMap((operation) =>
  sketchesOf(operation).map((place) => ({ ...place, operation, text: textOf(place) })),
);

describe.each(sketches)('$operation.id $path', ({ path, field, text }) => {
  test('is abbreviated in words that agree with its schema', () => {
    const model = /^As in (\w+)/.exec(text)?.[1];
    if (model === undefined) {
      expect(wordsMissing(text, wholeSchemaOf(field))).toEqual([]);
    } else {
      expect(bare(wholeSchemaOf(field))).toEqual(bare(modelOf(findOperation(model) as Operation, path)));
    }
  });
});

function textOf({ field }: Place): string {
  return z.globalRegistry.get(field)?.description ?? '';
}

/** What a sketch points to: the argument of the same name, or all arguments together. */
function modelOf({ input }: Operation, name: string): Schema {
  const argument = input.shape[name] as z.ZodOptional<z.ZodType> | undefined;
  return wholeSchemaOf(argument ? argument.unwrap() : input);
}

function bare({ description, ...rest }: Schema & { readonly description?: string }): Schema {
  return rest;
}

/** Names that the text lacks: `name` for a field that is needed, `name?` for one that is not. */
function wordsMissing(text: string, schema: Schema): string[] {
  const { properties = {}, required = [], items, oneOf = [], anyOf = [] } = schema;
  const inner = [...oneOf, ...anyOf, ...(items ? [items] : [])];
  const names = Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`));
  const literal = properties.type?.const;
  return [
    ...names.filter((name) => !mentions(text, name)),
    ...(literal === undefined || text.includes(`type: ${literal}`) ? [] : [String(literal)]),
    ...[...inner, ...Object.values(properties)].flatMap((part) => wordsMissing(text, part)),
  ];
}

function mentions(text: string, name: string): boolean {
  return name.endsWith('?') ? text.includes(name) : new RegExp(`\\b${name}\\b(?!\\?)`).test(text);
}
