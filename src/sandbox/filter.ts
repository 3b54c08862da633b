/* The filter grammar of lists: `field[operator]value`, combined with AND (behaviour.md, section 3). */
import { compareValues, type Field, type Fields, type Item, isTime } from './fields.ts';
import { badRequest, type ProblemError } from './problem.ts';

type Test = (item: Item) => boolean;
type Matcher = (field: Field, operand: string) => (value: unknown) => boolean;

const comparison =
  (holds: (order: number) => boolean): Matcher =>
  (field, operand) =>
  (value) =>
    holds(compareValues(field.kind, value, operand));

const matchers: Readonly<Record<string, Matcher>> = {
  eq: (field, operand) => (value) => fold(field, value) === fold(field, operand),
  in: (field, operand) => {
    const wanted = new Set(operand.split(',').map((one) => fold(field, one)));
    return (value) => wanted.has(fold(field, value));
  },
  like: (field, operand) => {
    const parts = folded(operand, field).split(/[%*]/);
    return (value) => isLike(folded(String(value), field), parts);
  },
  gt: comparison((order) => order > 0),
  gte: comparison((order) => order >= 0),
  lt: comparison((order) => order < 0),
  lte: comparison((order) => order <= 0),
};

/** Combines all filters to one test. 400 for a malformed filter, an unknown field or operator, or an invalid value. */
export function parseFilters(texts: readonly string[], fields: Fields): Test {
  const tests = texts.map((text) => parseFilter(text, fields));
  return (item) => tests.every((test) => test(item));
}

function parseFilter(text: string, fields: Fields): Test {
  const [, fieldName = '', operator = '', operand = ''] = /^([^[\]]*)\[([^[\]]*)\](.*)$/s.exec(text) ?? [];
  if (!fieldName) {
    throw refusal(text, 'A filter has the form field[operator]value.', 'For example name[eq]acme.');
  }
  const field = fields.get(fieldName);
  if (!field) {
    throw refusal(
      text,
      `Unknown filter field "${fieldName}".`,
      `Known fields: ${[...fields.keys()].join(', ')}.`,
    );
  }
  const matcher = Object.hasOwn(matchers, operator) ? matchers[operator] : undefined;
  if (!matcher) {
    const known = Object.keys(matchers).join(', ');
    throw refusal(text, `Unknown filter operator "${operator}".`, `Known operators: ${known}.`);
  }
  checkOperand(text, field, operator, operand);
  const matches = matcher(field, operand);
  return (item) => {
    const value = field.read(item);
    if (Array.isArray(value)) return value.some(matches);
    return value !== undefined && value !== null && matches(value);
  };
}

function checkOperand(text: string, field: Field, operator: string, operand: string): void {
  if (operator === 'like') return;
  const operands = operator === 'in' ? operand.split(',') : [operand];
  for (const one of operands) {
    if (field.kind === 'number' && (one.trim() === '' || Number.isNaN(Number(one)))) {
      throw refusal(text, `"${one}" is not a number, as ${field.name} is.`);
    }
    if (field.kind === 'boolean' && one !== 'true' && one !== 'false') {
      throw refusal(text, `"${one}" is neither true nor false, as ${field.name} is.`);
    }
    if (field.kind === 'time' && !isTime(one)) {
      throw refusal(text, `"${one}" is not an RFC 3339 time, as ${field.name} is.`);
    }
  }
}

function fold(field: Field, value: unknown): unknown {
  if (field.kind === 'number') return Number(value);
  if (field.kind === 'time') return Date.parse(String(value));
  return field.foldsCase ? String(value).toLowerCase() : String(value);
}

const folded = (text: string, { foldsCase }: Field) => (foldsCase ? text.toLowerCase() : text);

/**
 * Whether a text consists of these parts in order, with any characters in between; the vendor's examples have both
 * wildcards. Each part takes the first match after the previous one, without backtracking.
 */
function isLike(text: string, parts: readonly string[]): boolean {
  const [first = ''] = parts;
  if (parts.length < 2) return text === first;
  const last = parts.at(-1) ?? '';
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + last.length <= text.length;
}

function refusal(text: string, message: string, remediation?: string): ProblemError {
  return badRequest(message, {
    parameter: { id: 'filter', location: 'query', value: text },
    ...(remediation && { remediation }),
  });
}
