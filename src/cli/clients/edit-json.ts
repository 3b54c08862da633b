import {
  createScanner,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import { FormatError } from './format-error.ts';

/*
 * Edits of JSON files in which people also write comments and trailing commas. Each edit is a splice: everything else
 * stays as it is, byte for byte. jsonc-parser finds the places; its own edits would format the line they touch, and
 * move a comment behind the last property to the new one.
 */

type Path = readonly string[];

/** A replacement of a part of a text. */
interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** `SyntaxKind` of jsonc-parser, whose const enum cannot be imported. */
const syntaxKinds = { comma: 5, endOfFile: 17 };

/** The value at a path of a JSON text; undefined if there is none. @throws FormatError for broken JSON */
export function readJson(text: string, path: Path): unknown {
  const node = find(parse(text), path);
  return node === undefined ? undefined : getNodeValue(node);
}

/**
 * Sets a value, and creates the objects around it. Parts of the value that are already there stay as they are.
 *
 * @throws FormatError for broken JSON, or where something else than an object is on the path
 */
export function setJson(text: string, path: Path, value: unknown): string {
  const root = parse(text);
  if (root === undefined)
    return `${text}${printValue(wrap(path, value), '', defaultStyle(text))}${eolOf(text)}`;
  const parent = find(root, path.slice(0, -1));
  if (parent === undefined) {
    const [key] = path.slice(-1);
    return setJson(text, path.slice(0, -1), { [key as string]: value });
  }
  assertObject(parent, path.slice(0, -1));
  const key = path.at(-1) as string;
  const property = findProperty(parent, key);
  if (property === undefined) return insertProperty(text, parent, key, value);
  const node = propertyValue(property);
  const current = getNodeValue(node);
  if (isEqual(current, value)) return text;
  if (isObject(value) && isObject(current)) {
    return Object.entries(value).reduce(
      (edited, [name, part]) => setJson(edited, [...path, name], part),
      text,
    );
  }
  return apply(text, [
    {
      start: node.offset,
      end: endOf(node),
      text: printValue(value, indentAt(text, property.offset), styleOf(text)),
    },
  ]);
}

/** Removes a property. A text without it is returned as it is. @throws FormatError for broken JSON */
export function removeJson(text: string, path: Path): string {
  const parent = find(parse(text), path.slice(0, -1));
  const property = parent && findProperty(parent, path.at(-1) as string);
  if (parent?.children === undefined || property === undefined) return text;
  const before = parent.children[parent.children.indexOf(property) - 1];
  const start = contentEnd(text, property.offset);
  const close = endOf(parent) - 1;
  const next = parent.children[parent.children.indexOf(property) + 1];
  const comma = commaBetween(text, endOf(property), next?.offset ?? close);
  const splices: Splice[] = [{ start, end: endOf(property), text: '' }];
  if (comma !== undefined) splices.push({ start: comma, end: comma + 1, text: '' });
  else if (before) {
    const last = commaBetween(text, endOf(before), property.offset);
    if (last !== undefined) splices.push({ start: last, end: last + 1, text: '' });
  } else if (
    text.slice(parent.offset + 1, start).trim() === '' &&
    text.slice(endOf(property), close).trim() === ''
  ) {
    // The object is empty now: `{}`, on one line.
    return apply(text, [{ start: parent.offset + 1, end: close, text: '' }]);
  }
  return apply(text, splices);
}

/** Removes properties of an object, if it is there. @throws FormatError for broken JSON */
export const dropJsonKeys = (text: string, path: Path, names: readonly string[]): string =>
  names.reduce((edited, name) => removeJson(edited, [...path, name]), text);

function parse(text: string): Node | undefined {
  const errors: ParseError[] = [];
  let root: Node | undefined;
  try {
    root = parseTree(text, errors, { allowTrailingComma: true, allowEmptyContent: true });
  } catch {
    // The parser calls itself for each level.
    throw new FormatError('it is nested too deeply');
  }
  const [error] = errors;
  if (error) {
    const lines = text.slice(0, error.offset).split('\n');
    const where = `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
    throw new FormatError(`it is not valid JSON (${printParseErrorCode(error.error)} at ${where})`);
  }
  if (root !== undefined) assertObject(root, []);
  return root;
}

function assertObject(node: Node, path: Path): void {
  if (node.type === 'object') return;
  const name = path.length === 0 ? 'its content' : `"${path.join('.')}"`;
  throw new FormatError(`${name} is not an object`);
}

/** The last property of this name: it is the one that JSON parsers take. */
const findProperty = (object: Node, key: string): Node | undefined =>
  object.children?.findLast(({ children }) => children?.[0]?.value === key);

const propertyValue = (property: Node): Node => property.children?.[1] as Node;

function find(root: Node | undefined, path: Path): Node | undefined {
  let node = root;
  for (const [index, key] of path.entries()) {
    if (node === undefined) return undefined;
    assertObject(node, path.slice(0, index));
    const property = findProperty(node, key);
    node = property && propertyValue(property);
  }
  return node;
}

/** Adds a property behind all others, and behind their comments. */
function insertProperty(text: string, object: Node, key: string, value: unknown): string {
  const close = endOf(object) - 1;
  const place = contentEnd(text, close);
  const last = object.children?.at(-1);
  const isOneLine = !text.slice(object.offset, close).includes('\n');
  const trailing = last && commaBetween(text, endOf(last), close);
  const needsComma = last !== undefined && trailing === undefined;
  const comma = trailing === undefined ? '' : ',';
  const name = JSON.stringify(key);
  const splices: Splice[] = [];
  if (last && isOneLine) {
    const space = /\s/.test(text[last.offset - 1] ?? '') ? ' ' : '';
    const added = `${space}${name}:${space}${JSON.stringify(value)}${comma}`;
    splices.push({ start: place, end: place, text: added });
  } else {
    const style = styleOf(text);
    const outer = indentAt(text, object.offset);
    const indent =
      last && isFirstOnLine(text, last.offset) ? indentAt(text, last.offset) : outer + style.indent;
    const end = isOneLine ? `${style.eol}${outer}` : '';
    const added = `${style.eol}${indent}${name}: ${printValue(value, indent, style)}${comma}${end}`;
    // An empty object on one line, such as `{ }`, is opened.
    splices.push({ start: place, end: isOneLine ? close : place, text: added });
  }
  // Behind the other splice: both may be at the same place, where this one comes to stand first.
  if (needsComma) splices.push({ start: endOf(last), end: endOf(last), text: ',' });
  return apply(text, splices);
}

interface Style {
  readonly indent: string;
  readonly eol: string;
}

const eolOf = (text: string): string => /\r?\n/.exec(text)?.[0] ?? '\n';

const defaultStyle = (text: string): Style => ({ indent: '  ', eol: eolOf(text) });

/** The indentation of the first indented line, and the first line ending. */
function styleOf(text: string): Style {
  const indent = /^\s*\{[^\S\n]*\n([ \t]+)\S/.exec(text)?.[1] ?? /\n([ \t]+)["}]/.exec(text)?.[1];
  return { ...defaultStyle(text), ...(indent && { indent }) };
}

const printValue = (value: unknown, indent: string, style: Style): string =>
  JSON.stringify(value, null, style.indent).replaceAll('\n', `${style.eol}${indent}`);

const lineStart = (text: string, offset: number) => text.lastIndexOf('\n', offset - 1) + 1;

/** The white space at the start of the line. */
const indentAt = (text: string, offset: number): string =>
  /^[ \t]*/.exec(text.slice(lineStart(text, offset), offset))?.[0] ?? '';

const isFirstOnLine = (text: string, offset: number) =>
  text.slice(lineStart(text, offset), offset).trim() === '';

const endOf = ({ offset, length }: Node): number => offset + length;

/** The end of what is written before a place, without white space. */
const contentEnd = (text: string, offset: number): number => text.slice(0, offset).trimEnd().length;

/** The last comma between two places that is not in a comment. */
function commaBetween(text: string, start: number, end: number): number | undefined {
  const scanner = createScanner(text.slice(start, end), true);
  let found: number | undefined;
  for (let kind: number = scanner.scan(); kind !== syntaxKinds.endOfFile; kind = scanner.scan()) {
    if (kind === syntaxKinds.comma) found = start + scanner.getTokenOffset();
  }
  return found;
}

function apply(text: string, splices: readonly Splice[]): string {
  return splices
    .toSorted((one, other) => other.start - one.start)
    .reduce(
      (edited, { start, end, text: added }) => edited.slice(0, start) + added + edited.slice(end),
      text,
    );
}

const wrap = (path: Path, value: unknown): unknown =>
  path.reduceRight((inner, key) => ({ [key]: inner }), value);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isEqual = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
