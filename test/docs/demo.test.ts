import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { cleanEnvironment } from '../e2e/support.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the demo runs to its end, and the picture of it shows what it prints today (npm run picture)', () => {
  const printed = execFileSync(process.execPath, ['--import', 'tsx', 'demo/onboarding.ts'], {
    cwd: root,
    encoding: 'utf8',
    env: cleanEnvironment(),
  });
  expect(printed).toMatch(/one customer onboarded and removed/);

  const lines = ['$ npm run demo', ...printed.split('\n')];
  const drawn = [...readFileSync(`${root}docs/demo.svg`, 'utf8').matchAll(/<text[^>]*>(.*)<\/text>/g)].map(
    ([, text = '']) => unescapeXml(text.replace(/<[^>]*>/g, '')),
  );
  expect(drawn.length).toBeGreaterThan(20);
  for (const [index, line] of drawn.entries()) {
    const whole = lines[index] ?? '';
    expect(line.endsWith('…') ? whole.startsWith(line.slice(0, -1)) : line === whole, line).toBe(true);
  }
});

function unescapeXml(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}
