/** Cells from left to right. */
export type Line = readonly (string | number | undefined)[];

export interface Section {
  readonly heading: Line;
  readonly lines: readonly Line[];
}

/**
 * Renders sections below each other with common columns.
 *
 * @param side alignment of all cells after the first: left for text, right for numbers
 */
export function gridOf(side: 'left' | 'right', sections: readonly Section[]): string {
  const all = sections.flatMap(({ heading, lines }) => [heading, ...lines]);
  const count = Math.max(...all.map((line) => line.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...all.map((line) => textOf(line[column]).length)),
  );
  const render = (line: Line) =>
    widths
      .map((width, column) => {
        const text = textOf(line[column]);
        return side === 'left' || column === 0 ? text.padEnd(width) : text.padStart(width);
      })
      .join('  ')
      .trimEnd();
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  return sections
    .map(({ heading, lines }) => [render(heading), rule, ...lines.map(render)].join('\n'))
    .join('\n\n');
}

function textOf(cell: string | number | undefined): string {
  return typeof cell === 'number' ? cell.toLocaleString('en-US') : (cell ?? '');
}
