import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { root } from '../../scripts/docs-files.ts';
import { textsFile, textsPage } from '../../scripts/docs-texts.ts';
import { textsOf } from '../../scripts/docs-texts-source.ts';

test('the page of texts is up to date (npm run docs)', async () => {
  expect(await textsPage()).toBe(readFileSync(new URL(textsFile, root), 'utf8'));
});

test('the message of an error is found under its code, with what to do next', () => {
  const code = `
    import { CallError } from './errors.ts';
    throw new CallError('not_found', \`There is no account \${quoted(name)}.\`, {
      remediation: \`Use \${many ? 'one of' : 'the'} \${names.join(', ')}. \` + 'Nothing was sent.',
    });`;
  expect(textsOf(code, 'a.ts')).toEqual([
    { text: 'There is no account {name}.', file: 'a.ts', error: 'not_found' },
    {
      text: 'Use {one of | the} {names}. Nothing was sent.',
      file: 'a.ts',
      error: 'not_found',
      name: 'remediation',
    },
  ]);
});

test('a text that a function chooses, or that fills in another, is found too', () => {
  const found = textsOf(
    'const hint = (is) => `Read it.${is ? ` Then call ${next} once more.` : ""}`;\n' +
      "function why(status) { return status === 404 ? 'No such object here.' : 'It could not be read.'; }",
    'a.ts',
  ).map(({ text }) => text);
  expect(found).toContain(' Then call {next} once more.');
  expect(found).toContain('No such object here.');
  expect(found).toContain('It could not be read.');
});

test('names of cases, types, imports and log entries are not texts', () => {
  const code = `
    import { a } from './a file.ts';
    type Kind = 'short pages' | 'no cursor';
    const kind: Kind = 'short pages';
    if (other === 'other name') log.warn('The list was cut.');`;
  expect(textsOf(code, 'a.ts')).toEqual([]);
});
