/*
 * Running mappings. The language of the real transforms is not documented; the sandbox has one of its own:
 *
 *     {
 *       "user.name": "$.actor.login",          destination (dotted) from a source (dotted, after `$.`)
 *       "first": "$.items.0",                  an array is entered by index
 *       "all": "$",                            the whole input
 *       "origin": "sandbox",                   any other value is taken as it is
 *       "device": { "id": "$.device_id" }      an object is a template itself
 *     }
 *
 * A source that is not there leaves its destination out. `builtin:identity` hands its input on.
 */
import type { SandboxState } from './model.ts';
import { badRequest, type ProblemDetails } from './problem.ts';

type Tree = Record<string, unknown>;

const builtins: Readonly<Record<string, (data: unknown) => unknown>> = {
  'builtin:identity': (data) => data,
};

/**
 * Runs mappings in sequence, each on the result of the one before.
 * @param names Ids or names of mappings, or built-in ones; `:version` is accepted, but only the current version is
 * kept.
 * @throws ProblemError 400 for an unknown mapping, or a transform that is not a template.
 */
export function runMappings(state: SandboxState, names: readonly string[], data: unknown): Tree {
  const outcome = names.reduce((input, name, index) => runMapping(state, name, index, input), data);
  return outcome as Tree;
}

function runMapping(state: SandboxState, name: string, index: number, data: unknown): unknown {
  const subject = { parameter: { id: `/mappings/${index}`, location: 'body', value: name } } as const;
  if (name.startsWith('builtin:')) {
    const builtin = Object.hasOwn(builtins, name) ? builtins[name] : undefined;
    if (builtin) return builtin(data);
    throw badRequest(`There is no built-in mapping "${name}".`, {
      ...subject,
      remediation: `Built-in mappings: ${Object.keys(builtins).join(', ')}.`,
    });
  }
  const { mapping } = state.collections;
  const found = mapping.find(name) ?? mapping.find(name.replace(/:[^:]*$/, ''));
  if (!found)
    throw badRequest(`There is no mapping "${name}".`, {
      ...subject,
      remediation: 'Name mappings that mappings_list shows.',
    });
  return fill(readTemplate(String(found.data), found.name, subject), data);
}

function readTemplate(text: string, name: string, subject: ProblemDetails): Tree {
  const template = parseJson(text);
  if (typeof template === 'object' && template !== null && !Array.isArray(template)) return template as Tree;
  throw badRequest(`The transform of "${name}" cannot be run.`, {
    ...subject,
    detail: 'The sandbox runs transforms that are a JSON object of destinations and sources.',
    remediation: 'For example {"user.name": "$.actor.login"}.',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fill(template: Tree, data: unknown): Tree {
  const filled: Tree = {};
  for (const [destination, source] of Object.entries(template)) {
    const value = evaluate(source, data);
    if (value !== undefined) place(filled, destination.split('.'), value);
  }
  return filled;
}

function evaluate(source: unknown, data: unknown): unknown {
  if (typeof source === 'string' && (source === '$' || source.startsWith('$.')))
    return source.split('.').slice(1).reduce<unknown>(step, data);
  if (Array.isArray(source)) return source.map((one) => evaluate(one, data) ?? null);
  return typeof source === 'object' && source !== null ? fill(source as Tree, data) : source;
}

function step(node: unknown, key: string): unknown {
  return typeof node === 'object' && node !== null && Object.hasOwn(node, key)
    ? (node as Tree)[key]
    : undefined;
}

function place(root: Tree, path: readonly string[], value: unknown): void {
  let node = root;
  for (const key of path.slice(0, -1)) {
    const next = step(node, key);
    if (typeof next === 'object' && next !== null) node = next as Tree;
    else node = set(node, key, {}) as Tree;
  }
  set(node, path.at(-1) ?? '', value);
}

// Users choose the keys; `__proto__` must be an ordinary key.
function set(node: Tree, key: string, value: unknown): unknown {
  Object.defineProperty(node, key, { value, writable: true, enumerable: true, configurable: true });
  return value;
}
