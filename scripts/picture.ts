import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/*
 * Draws what the demo prints as docs/demo.svg, for the README. Needs a built dist/.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const font = { size: 13, width: 7.83, height: 19 };
const margin = { side: 20, top: 46, bottom: 18 };
const columns = 104;
/** Where the picture ends: the README needs a glimpse, the demo shows the rest. */
const lastLine = 'The integration';

const colours: Readonly<Record<string, string>> = {
  '32': '#3fb950',
  '33': '#d29922',
  '36': '#58a6ff',
  '2': '#8b949e',
};

interface Run {
  readonly text: string;
  readonly style: string;
}

const escapeCharacter = '\u001b';
const styleCode = new RegExp(`(${escapeCharacter}\\[\\d+m)`);
const wholeStyleCode = new RegExp(`^${escapeCharacter}\\[(\\d+)m$`);

/** One printed line as runs of equal style; only the styles that the demo uses are known. */
function readRuns(line: string): Run[] {
  const active = new Set<string>();
  const runs: Run[] = [];
  for (const part of line.split(styleCode)) {
    const code = wholeStyleCode.exec(part)?.[1];
    if (code === undefined) {
      if (part) runs.push({ text: part, style: styleOf(active) });
    } else if (code === '39' || code === '22') active.clear();
    else active.add(code);
  }
  return runs;
}

function styleOf(active: ReadonlySet<string>): string {
  const colour = [...active].map((code) => colours[code]).find(Boolean) ?? '#e6edf3';
  return `fill="${colour}"${active.has('1') ? ' font-weight="bold"' : ''}`;
}

/** Cuts a line to the width of the picture. */
function cut(runs: readonly Run[]): Run[] {
  let room = columns;
  return runs.flatMap(({ text, style }) => {
    if (room <= 0) return [];
    const shown = text.length > room ? `${text.slice(0, room - 1)}…` : text;
    room -= text.length;
    return [{ text: shown, style }];
  });
}

const escapeXml = (text: string) => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);

function drawLine(line: string, index: number): string {
  const spans = cut(readRuns(line)).map(({ text, style }) => `<tspan ${style}>${escapeXml(text)}</tspan>`);
  return `<text x="${margin.side}" y="${margin.top + (index + 1) * font.height}" xml:space="preserve">${spans.join('')}</text>`;
}

const printed = execFileSync('npx', ['tsx', 'demo/onboarding.ts'], {
  cwd: root,
  encoding: 'utf8',
  env: { ...process.env, FORCE_COLOR: '1' },
  stdio: ['ignore', 'pipe', 'ignore'],
});
const lines = ['$ npm run demo', ...printed.trimEnd().split('\n')];
const end = lines.findIndex((line) => line.includes(lastLine));
const shown = lines.slice(0, end).join('\n').trimEnd().split('\n');
const width = Math.ceil(2 * margin.side + columns * font.width);
const height = margin.top + (shown.length + 1) * font.height + margin.bottom;
const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
  (colour, index) => `<circle cx="${24 + index * 20}" cy="22" r="6" fill="${colour}"/>`,
);
mkdirSync(`${root}docs`, { recursive: true });
writeFileSync(
  `${root}docs/demo.svg`,
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Output of npm run demo">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${dots.join('\n')}
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${font.size}">
${shown.map(drawLine).join('\n')}
</g>
</svg>
`,
);
