/** Cells from left to right. */
export type Line = readonly (string | number | undefined)[];

export interface Section {
  readonly heading: Line;
  readonly lines: readonly Line[];
}

/** Lines one below the other with their cells in columns, words to the left. */
export function tableOf(lines: readonly Line[]): string {
  const widths = widthsOf(lines);
  return lines.map((line) => renderLine('left', widths, line)).join('\n');
}

/**
 * Renders sections below each other with common columns.
 *
 * @param side alignment of all cells after the first: left for text, right for numbers
 */
export function gridOf(side: 'left' | 'right', sections: readonly Section[]): string {
  const widths = widthsOf(sections.flatMap(({ heading, lines }) => [heading, ...lines]));
  const render = (line: Line) => renderLine(side, widths, line);
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  return sections
    .map(({ heading, lines }) => [render(heading), rule, ...lines.map(render)].join('\n'))
    .join('\n\n');
}

/** Characters of the longest cell of each column. */
function widthsOf(lines: readonly Line[]): readonly number[] {
  const count = Math.max(...lines.map((line) => line.length));
  return Array.from({ length: count }, (_, column) =>
    Math.max(...lines.map((line) => textOf(line[column]).length)),
  );
}

function renderLine(side: 'left' | 'right', widths: readonly number[], line: Line): string {
  return widths
    .map((width, column) => {
      const text = textOf(line[column]);
      return side === 'left' || column === 0 ? text.padEnd(width) : text.padStart(width);
    })
    .join('  ')
    .trimEnd();
}

function textOf(cell: string | number | undefined): string {
  return typeof cell === 'number' ? cell.toLocaleString('en-US') : (cell ?? '');
}
