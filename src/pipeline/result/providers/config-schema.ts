import { isJsonObject, type JsonObject } from '../../../lib/json.ts';
import { shortened, textsOf } from '../openapi/document.ts';

/*
 * Describes the JSON Schema of a provider's configuration in the shape of the configuration itself: each value is a text
 * that says what the field takes.
 */

/** Levels of objects and references that are described. */
const maxDepth = 8;

/** Characters of a field's description. */
const maxTextLength = 160;

/** The fields of a configuration; undefined if the schema is not an object schema. */
export function describeConfig(schema: unknown): JsonObject | undefined {
  const described = new Describer(schema).fieldsOf(schema, 0);
  return described && Object.keys(described).length > 0 ? described : undefined;
}

class Describer {
  readonly #root: unknown;

  constructor(root: unknown) {
    this.#root = root;
  }

  fieldsOf(given: unknown, depth: number): JsonObject | undefined {
    const schema = this.#resolve(given);
    if (depth > maxDepth || !schema || !isJsonObject(schema.properties)) return undefined;
    const required = new Set(textsOf(schema.required));
    return Object.fromEntries(
      Object.entries(schema.properties).map(([name, field]) => [
        name,
        this.#describe(field, required.has(name), depth),
      ]),
    );
  }

  #describe(given: unknown, required: boolean, depth: number): unknown {
    const schema = this.#resolve(given) ?? {};
    if (schema.const !== undefined) return schema.const;
    const forms = formsOf(schema).map((form) => this.#resolve(form) ?? {});
    const lone = forms.length === 1 ? forms[0] : undefined;
    if (lone)
      return this.#describe({ ...schema, anyOf: undefined, oneOf: undefined, ...lone }, required, depth);
    const header = annotationOf(schema, required);
    const first = header ? { about: header.replace(/^[,:] /, '') } : {};
    const objects = forms.map((form) => this.fieldsOf(form, depth + 1));
    if (forms.length > 0 && !objects.includes(undefined)) return { ...first, one_of: objects };
    const fields = this.fieldsOf(schema, depth + 1);
    if (fields) return { ...first, fields };
    const items = isJsonObject(schema.items) ? schema.items : schema.additionalProperties;
    const inner = isJsonObject(items) ? this.#describe(items, false, depth + 1) : undefined;
    if (isJsonObject(inner))
      return { ...first, [schema.type === 'array' ? 'each_item' : 'each_value']: inner };
    return `${this.#kindOf(schema, forms, inner)}${header}`;
  }

  #kindOf(schema: JsonObject, forms: readonly JsonObject[], inner: unknown): string {
    if (forms.length > 0) return forms.map((form) => this.#kindOf(form, [], undefined)).join(' or ');
    if (Array.isArray(schema.enum)) return `one of ${schema.enum.filter((one) => one !== null).join(' ')}`;
    const type = [schema.type ?? 'any']
      .flat()
      .filter((one) => one !== 'null')
      .join(' or ');
    if (typeof inner !== 'string') return type;
    return schema.type === 'array' ? `array of ${inner}` : `object with values of ${inner}`;
  }

  /** A schema with its `$ref` resolved and its `allOf` merged. */
  #resolve(given: unknown, depth = 0): JsonObject | undefined {
    if (!isJsonObject(given) || depth > maxDepth) return undefined;
    const { $ref, allOf, ...own } = given;
    const target = typeof $ref === 'string' ? this.#target($ref) : undefined;
    const parts = [target, ...(Array.isArray(allOf) ? allOf : [])].map(
      (part) => this.#resolve(part, depth + 1) ?? {},
    );
    if (parts.length === 1 && !target) return own;
    const all = [...parts, own];
    const properties = all.map((part) => part.properties).filter(isJsonObject);
    const required = all.flatMap((part) => textsOf(part.required));
    return {
      ...Object.assign({}, ...all),
      ...(properties.length > 0 && { properties: Object.assign({}, ...properties) }),
      ...(required.length > 0 && { required }),
    };
  }

  #target(reference: string): unknown {
    return reference
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>(
        (at, key) => (isJsonObject(at) && Object.hasOwn(at, key) ? at[key] : undefined),
        this.#root,
      );
  }
}

function formsOf({ oneOf, anyOf }: JsonObject): readonly unknown[] {
  const forms = oneOf ?? anyOf;
  return Array.isArray(forms) ? forms.filter((form) => !isJsonObject(form) || form.type !== 'null') : [];
}

/** ", required, secret: What it is." */
function annotationOf(schema: JsonObject, required: boolean): string {
  const marks = [
    required ? 'required' : undefined,
    schema.writeOnly === true || schema.format === 'password' ? 'secret' : undefined,
    schema.default === undefined || schema.default === null
      ? undefined
      : `default ${JSON.stringify(schema.default)}`,
  ].filter((mark) => mark !== undefined);
  const header = shortened(schema.description ?? schema.title, maxTextLength);
  return `${marks.map((mark) => `, ${mark}`).join('')}${header ? `: ${header}` : ''}`;
}
