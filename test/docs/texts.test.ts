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

test('lists of words, and texts without a word of their own, are not texts', () => {
  const code = `
    const listed = 'red green blue';
    for (const word of listed.split(' ')) use(word);
    use('one two'.split(' '), \`\${method} \${path}\`);`;
  expect(textsOf(code, 'a.ts')).toEqual([]);
});

test('an error without a code is a text only where its message is shown', () => {
  const code = "if (!found) throw new Error('There is no such thing.');";
  expect(textsOf(code, 'pipeline/a.ts')).toEqual([]);
  expect(textsOf(code, 'config/a.ts')).toHaveLength(1);
});

test('what fills in a text is named in words', () => {
  const code = `
    use(\`At most \${maxBytes} bytes of \${JSON.stringify(fileName)}.\`);
    use(\`Has \${countOf(all.length, 'account')} since \${toMinute(timeOf(row))}, \${share.toFixed(1)} %.\`);
    use(\`Unhealthy for \${describeDuration(now - then)}: \${name.replace('a', 'b')}.\`);`;
  expect(textsOf(code, 'a.ts').map(({ text }) => text)).toEqual([
    'At most {max bytes} bytes of {file name}.',
    'Has {number of accounts} since {time}, {share} %.',
    'Unhealthy for {duration}: {name}.',
  ]);
});
