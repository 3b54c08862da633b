import { CallError } from '../errors.ts';

/** Query parameters; an array is sent as a repeated key, as the Synqly SDKs do. */
export type Query = Readonly<Record<string, unknown>>;

/**
 * Fills a path template. Each value must be one path segment: empty values, `.`, `..`, and values with a slash,
 * backslash or control character are rejected. `encodeURIComponent('..')` is `..`, which URL parsing resolves:
 * "delete account" would become `DELETE /v1/`.
 *
 * @throws CallError `invalid_arguments`, naming the parameter
 */
export function renderPath(template: string, params: Readonly<Record<string, unknown>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(checkSegment(name, params[name])),
  );
}

function checkSegment(name: string, value: unknown): string {
  const problem = segmentProblem(value);
  if (problem === undefined) return value as string;
  throw new CallError('invalid_arguments', `${name} cannot be used in a path.`, {
    arguments: [{ argument: name, problem }],
  });
}

function segmentProblem(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be a string';
  if (value.trim() === '') return 'must not be empty';
  if (value === '.' || value === '..') return 'must be an id or a name, not a relative path';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[/\\\u0000-\u001f\u007f]/.test(value))
    return 'must not contain a slash, a backslash or a control character';
  return surrogateProblem(value);
}

/** An unpaired surrogate cannot be encoded in UTF-8: in a path it would throw, in a query it would be replaced. */
function surrogateProblem(value: string): string | undefined {
  return /[\ud800-\udfff]/.test(value) && /\p{Surrogate}/u.test(value)
    ? 'must not contain an unpaired surrogate'
    : undefined;
}

/** Maximum characters of a URL: servers and proxies allow 8 to 16 kB, and answer 414 or 431 above. */
const maxUrlLength = 8_000;

/** The parts of a base URL: parsing a URL for every request would cost more than the rest of preparing it. */
export interface Base {
  readonly origin: string;
  /** Without a trailing slash. */
  readonly prefix: string;
}

export function baseOf({ origin, pathname }: URL): Base {
  let end = pathname.length;
  while (pathname[end - 1] === '/') end -= 1;
  return { origin, prefix: pathname.slice(0, end) };
}

/**
 * The request target: a rendered, fully encoded path below the base URL's prefix, and the query.
 *
 * @throws CallError `invalid_arguments` when the URL becomes too long
 */
export function targetOf({ origin, prefix }: Base, path: string, query: Query): string {
  const target = `${prefix}${path}${toSearch(query)}`;
  if (origin.length + target.length <= maxUrlLength) return target;
  throw new CallError(
    'invalid_arguments',
    `The arguments make the URL longer than ${maxUrlLength} characters: pass fewer or shorter values.`,
  );
}

function toSearch(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  if (given.length === 0) return '';
  const search = new URLSearchParams();
  for (const [key, value] of given) {
    for (const one of Array.isArray(value) ? value : [value]) {
      const text = String(one);
      const problem = surrogateProblem(text);
      if (problem !== undefined) {
        const faults = { arguments: [{ argument: key, problem }] };
        throw new CallError('invalid_arguments', `${key} cannot be used in a query.`, faults);
      }
      search.append(key, text);
    }
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
