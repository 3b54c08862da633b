import { readdirSync, readFileSync } from 'node:fs';
import { parseAst } from 'vitest/node';

/** A node of a syntax tree. */
type Node = Readonly<Record<string, unknown>> & { readonly type: string };

/** A text of the source code that somebody may read. */
export interface SourceText {
  /** Parts that a call fills in are in braces: `{name}`. */
  readonly text: string;
  /** Path of the file, below `src/`. */
  readonly file: string;
  /** The error that carries the text: its code, or its class if it has no code. */
  readonly error?: string;
  /** The property or constant that the text is the value of. */
  readonly name?: string;
}

const source = new URL('../src/', import.meta.url);

/** Files whose texts nobody reads: words to search by, and tables of characters. */
const withoutTexts = new Set(['surfaces/compact/search/synonyms.ts', 'lib/html-entities.ts']);

/**
 * Rooms where an `Error` without a code is an assertion: the call fails with `internal`, and only the log has the message.
 * Elsewhere, as in `config`, the caller shows the message or completes it.
 */
const withAssertions = /^(access|pipeline|protocol|resources|skills|surfaces|tools)\//;

/** The texts of all source files but the sandbox, which speaks as Synqly does. */
export function sourceTexts(): readonly SourceText[] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts') && !file.startsWith('sandbox/') && !withoutTexts.has(file))
    .sort()
    .flatMap((file) => textsOf(readFileSync(new URL(file, source), 'utf8'), file));
}

/**
 * The texts of one file, in order: string and template literals of two words or more, wherever the code keeps them.
 * Whether a text reaches a reader cannot be seen from its expression, so only what certainly does not is left out.
 */
export function textsOf(code: string, file: string): readonly SourceText[] {
  const found: SourceText[] = [];
  const program = parseAst(code, { lang: 'ts' });
  const notRead = new Set([...comparedTexts(program), ...wordLists(program)]);
  const visit = (value: unknown, context: Pick<SourceText, 'error' | 'name'>): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item, context);
      return;
    }
    if (!isNode(value) || isForMachines(value)) return;
    if (isPlainError(value) && withAssertions.test(file)) return;
    const text = textOf(value);
    if (text !== undefined) {
      if (isProse(value) && !notRead.has(text)) found.push({ text, file, ...context });
      // A placeholder may choose between texts of its own.
      for (const inner of placeholdersOf(value)) if (choicesOf(inner) === undefined) visit(inner, context);
      return;
    }
    const next = contextOf(value, context);
    for (const child of Object.values(value)) visit(child, next);
  };
  visit(program, {});
  return found;
}

/** Texts that the code compares or declares as types: names of cases, which nobody reads. */
function comparedTexts(program: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (node: unknown) => {
    if (isNode(node) && node.type === 'Literal' && typeof node.value === 'string') found.add(node.value);
  };
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isNode(value)) return;
    if (value.type === 'BinaryExpression' && String(value.operator).endsWith('==')) {
      add(value.left);
      add(value.right);
    }
    if (value.type === 'SwitchCase') add(value.test);
    if (value.type === 'TSLiteralType') add(value.literal);
    Object.values(value).forEach(visit);
  };
  visit(program);
  return found;
}

/** Texts that the code splits into words: lists of names or letters. */
function wordLists(program: unknown): ReadonlySet<string> {
  const declared = new Map<string, string>();
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isNode(value)) return;
    const init = value.type === 'VariableDeclarator' && isNode(value.init) ? textOf(value.init) : undefined;
    if (init !== undefined) declared.set(nameOf(value.id as Node) ?? '', init);
    const callee = value.type === 'CallExpression' ? (value.callee as Node) : undefined;
    if (callee?.type === 'MemberExpression' && (callee.property as Node).name === 'split') {
      const list = callee.object as Node;
      const text = list.type === 'Identifier' ? declared.get(String(list.name)) : textOf(list);
      if (text !== undefined) found.add(text);
    }
    Object.values(value).forEach(visit);
  };
  visit(program);
  return found;
}

/** The text of a literal, or of literals that are added up; undefined for all other expressions. */
function textOf(node: Node, fill = placeholder): string | undefined {
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'string' ? node.value : undefined;
    case 'TemplateLiteral': {
      const holes = node.expressions as readonly Node[];
      return (node.quasis as readonly Node[])
        .map(({ value }, index) => {
          const hole = holes[index];
          return (value as { cooked: string }).cooked + (hole === undefined ? '' : fill(hole));
        })
        .join('');
    }
    case 'BinaryExpression': {
      if (node.operator !== '+') return undefined;
      const [left, right] = [node.left as Node, node.right as Node];
      const [first, second] = [textOf(left, fill), textOf(right, fill)];
      if (first === undefined && second === undefined) return undefined;
      return (first ?? fill(left)) + (second ?? fill(right));
    }
    default:
      return undefined;
  }
}

/** The expressions that a text leaves open. */
function placeholdersOf(node: Node): readonly Node[] {
  if (node.type === 'TemplateLiteral') return node.expressions as readonly Node[];
  if (node.type !== 'BinaryExpression') return [];
  return [node.left as Node, node.right as Node].flatMap((side) =>
    textOf(side) === undefined ? [side] : placeholdersOf(side),
  );
}

/** What stands for an expression: its name, or the texts that it chooses from. */
function placeholder(node: Node): string {
  const choices = choicesOf(node);
  return choices === undefined ? `{${readableName(node)}}` : `{${choices.join(' | ')}}`;
}

/** The name of an expression in words: `number of calls` for `calls.length`, `max bytes` for `maxBytes`. */
function readableName(node: Node): string {
  const name = nameOf(node) ?? 'value';
  return /[a-z][A-Z]/.test(name)
    ? name.replaceAll(/(?<=[a-z])[A-Z](?=[a-z])/g, (letter) => ` ${letter.toLowerCase()}`)
    : name;
}

/** A longer choice gets a line of its own. */
const maxChoiceLength = 25;

/** The texts that `a ? 'x' : 'y'` chooses from, if both are short. */
function choicesOf(node: Node): readonly string[] | undefined {
  if (node.type !== 'ConditionalExpression') return undefined;
  const choices = [node.consequent as Node, node.alternate as Node].flatMap(
    (branch) => choicesOf(branch) ?? [textOf(branch) ?? `{${readableName(branch)}}`],
  );
  if (choices.some((choice) => choice.length > maxChoiceLength)) return undefined;
  return choices.map((text) => text || 'nothing');
}

/** The name by which a reader can understand an expression. */
function nameOf(node: Node): string | undefined {
  switch (node.type) {
    case 'Identifier':
      return String(node.name);
    case 'MemberExpression': {
      const property = node.property as Node;
      if (node.computed === true) return nameOf(node.object as Node);
      return property.name === 'length' ? `number of ${nameOf(node.object as Node)}` : nameOf(property);
    }
    case 'CallExpression':
      return nameOfCall(node);
    case 'ConditionalExpression':
      return nameOf(node.consequent as Node) ?? nameOf(node.alternate as Node);
    case 'LogicalExpression':
    case 'BinaryExpression':
      return nameOf(node.left as Node) ?? nameOf(node.right as Node);
    case 'ObjectExpression': {
      const [first] = node.properties as readonly Node[];
      return first?.type === 'Property' ? keyOf(first.key as Node) : undefined;
    }
    case 'AwaitExpression':
      return nameOf(node.argument as Node);
    case 'ChainExpression':
    case 'ParenthesizedExpression':
    case 'TSAsExpression':
    case 'TSNonNullExpression':
      return nameOf(node.expression as Node);
    default:
      return undefined;
  }
}

/** What a call gives, in the words of a reader. */
function nameOfCall(node: Node): string | undefined {
  const callee = node.callee as Node;
  const [argument, noun] = node.arguments as readonly Node[];
  if (callee.type === 'MemberExpression') {
    const object = callee.object as Node;
    // `JSON.stringify(names)` and `names.join(', ')` are about the names.
    if (object.type === 'Identifier' && globals.has(String(object.name)))
      return nameOf(argument ?? (callee.property as Node));
    return isShaping(callee) ? nameOf(object) : nameOf(callee.property as Node);
  }
  const name = nameOf(callee) ?? '';
  // `countOf(3, 'integration')` is `3 integrations`.
  if (name === 'countOf' && noun?.type === 'Literal') return `number of ${noun.value}s`;
  // `quoted(name)` and `toMinute(time)` show the name and the time.
  const inner = argument === undefined ? undefined : nameOf(argument);
  if (shapers.has(name) || /^to[A-Z]/.test(name)) return inner ?? name;
  // `describeDuration(time)` gives the duration, `fieldsOf(rows)` the fields.
  return name
    .replace(/^(describe|list|read|format)(?=[A-Z])/, '')
    .replace(/(?<!^one)Of$/, '')
    .replace(/^[A-Z]/, (letter) => letter.toLowerCase());
}

const shapers = new Set(['escaped', 'printable', 'quoted', 'shorten', 'shortened', 'show', 'shown', 'write']);
const globals = new Set(['JSON', 'Math', 'Number', 'Object', 'String']);
const shapingMethods = new Set([
  'at',
  'filter',
  'get',
  'join',
  'map',
  'padEnd',
  'padStart',
  'replace',
  'replaceAll',
  'slice',
  'sort',
  'toFixed',
  'toString',
  'trim',
]);

function isShaping({ property }: Node): boolean {
  return shapingMethods.has(String((property as Node).name));
}

/** The error or property that the children of a node belong to. */
function contextOf(
  node: Node,
  context: Pick<SourceText, 'error' | 'name'>,
): Pick<SourceText, 'error' | 'name'> {
  if (node.type === 'NewExpression') {
    const name = nameOf(node.callee as Node);
    if (name?.endsWith('Error')) {
      const [first] = node.arguments as readonly Node[];
      return { error: name === 'CallError' ? codeOf(first) : name };
    }
  }
  if (node.type === 'Property') {
    const name = keyOf(node.key as Node);
    return name === undefined ? context : { ...context, name };
  }
  if (node.type === 'VariableDeclarator' && nameOf(node.id as Node) !== undefined) {
    return { ...context, name: nameOf(node.id as Node) as string };
  }
  return context;
}

/** The error code of an argument, or of each branch of a choice. */
function codeOf(node: Node | undefined): string {
  if (node === undefined) return 'CallError';
  if (node.type === 'ConditionalExpression') {
    return `${codeOf(node.consequent as Node)}, ${codeOf(node.alternate as Node)}`;
  }
  return textOf(node) ?? 'several codes';
}

function keyOf(key: Node): string | undefined {
  return key.type === 'Identifier' ? String(key.name) : typeof key.value === 'string' ? key.value : undefined;
}

/** Whether an expression creates an error without a code. */
function isPlainError(node: Node): boolean {
  return node.type === 'NewExpression' && (node.callee as Node).name === 'Error';
}

/** Types, imports, directives, log entries and names of events: no reader of the server sees them. */
function isForMachines(node: Node): boolean {
  if (node.type.startsWith('TS') && !hasExpression.has(node.type)) return true;
  if (node.type.startsWith('Import') || node.type.startsWith('Export')) {
    return node.declaration === undefined || node.declaration === null;
  }
  if (node.type === 'TaggedTemplateExpression') return true;
  if (node.type !== 'CallExpression') return false;
  const callee = node.callee as Node;
  return (
    callee.type === 'MemberExpression' && /(^|\.)(log|logger)$/.test(nameOf(callee.object as Node) ?? '')
  );
}

const hasExpression = new Set([
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSParameterProperty',
]);

/** Whether a text has two words in a row, one of them its own, and is not code, CSS or a header. */
function isProse(node: Node): boolean {
  const text = textOf(node, (hole) => (choicesOf(hole) === undefined ? '{x}' : placeholder(hole))) ?? '';
  const own =
    textOf(
      node,
      (hole) =>
        choicesOf(hole)
          ?.join(' ')
          .replaceAll(/\{[^{}]*\}/g, '') ?? '',
    ) ?? '';
  return (
    /[A-Za-z}`'",)\]][.:;,]? +[a-z{(`'"[$]/i.test(text) &&
    /[a-z]{2}/i.test(own) &&
    !/^[\w-]+\{[\w-]+:/m.test(text) &&
    !/default-src|charset=|no-store|no-cache|^Bearer |^event: |^HTTP\/1|^[a-z]+\/[a-z]/.test(text)
  );
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
