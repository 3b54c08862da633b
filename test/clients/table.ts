import { type Step, steps, type Transport } from './clients.ts';
import type { Cell, Session } from './hold-session.ts';

/** One line of the table: a client over one transport. */
export interface Row {
  readonly client: string;
  readonly version: string;
  readonly transport: Transport;
  /** Why it was not run, or what it did. */
  readonly result: string | Session;
}

const titles: Readonly<Record<Step, string>> = {
  list: 'Tools',
  read: 'Read',
  error: 'Error',
  decline: 'Declined delete',
  confirm: 'Confirmed delete',
  resource: 'Resource',
};

export const tableHead = ['Client', 'Version', 'Transport', 'Protocol', ...steps.map((step) => titles[step])];

/** The rows as a Markdown table, with its reasons as notes below it. */
export function toMarkdown(rows: readonly Row[], date: string, node: string): string {
  const notes: string[] = [];
  const withNote = (mark: string, text: string) => {
    if (!notes.includes(text)) notes.push(text);
    return `${mark} (${notes.indexOf(text) + 1})`;
  };
  const cellText = ({ outcome, text }: Cell) => {
    if (outcome === 'cannot') return withNote('no', text);
    if (outcome === 'failed') return withNote('**fails**', text);
    return text === 'ok' || /^\d/.test(text)
      ? text
      : `ok, ${text === 'confirm_call' ? '`confirm_call`' : text}`;
  };
  const lines = rows.map(({ client, version, transport, result }) => {
    const cells =
      typeof result === 'string'
        ? [withNote('not run', result), ...steps.map(() => '')]
        : [cellText(result.protocol), ...steps.map((step) => cellText(result.steps[step]))];
    return [client, version, transport, ...cells];
  });
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const head = [line(tableHead), line(tableHead.map(() => '---'))];
  const below = notes.map((note, index) => `${index + 1}. ${note}`);
  return [
    `Run on ${date}, with the server on Node ${node}.`,
    '',
    ...head,
    ...lines.map(line),
    ...(below.length > 0 ? ['', ...below] : []),
  ].join('\n');
}

const start = '<!-- clients:start -->\n';
const end = '\n<!-- clients:end -->';

/** The document with another table between its markers. */
export function replaceTable(document: string, table: string): string {
  const [before, rest] = document.split(start);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error('The document has no markers for the table.');
  return `${before}${start}${table}${end}${after}`;
}

/** The cells of the table between the markers, without its head. */
export function tableOf(document: string): string[][] {
  const part = document.split(start)[1]?.split(end)[0] ?? '';
  return part
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .map((line) => line.slice(2, -2).split(' | '));
}
