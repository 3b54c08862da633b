import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const room = fileURLToPath(new URL('../../src/sandbox/', import.meta.url));
const files = readdirSync(room, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

test.each(files)('%s imports nothing from the rest of the program', (file) => {
  const text = readFileSync(room + file, 'utf8');
  const imported = [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(([, path]) => path ?? '');
  const outside = imported.filter((path) => !resolve(room, file, '..', path).startsWith(room));
  expect(outside).toEqual([]);
});
