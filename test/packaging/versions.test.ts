import { describe, expect, test } from 'vitest';
import { readPackageFile } from '../../packaging/project.ts';
import { readVersionTexts, type VersionTexts, versionProblems } from '../../packaging/versions.ts';

const texts = (changelog: string, version = '1.2.0'): VersionTexts => ({
  changelog: `# Changelog\n\n${changelog}`,
  packageLock: JSON.stringify({ version, packages: { '': { version } } }),
  registryEntry: JSON.stringify({ version, packages: [{ version }] }),
});
const released =
  '## [Unreleased]\n\n## [1.2.0] - 2026-10-01\n\n- New.\n\n## [1.1.0] - 2026-09-01\n\n- Old.\n';

test('the versions of this repository are the same', () => {
  expect(versionProblems(readPackageFile().version, readVersionTexts(), false)).toEqual([]);
});

describe('a release', () => {
  test('has its section in the changelog, and nothing under Unreleased', () => {
    expect(versionProblems('1.2.0', texts(released), true)).toEqual([]);
  });

  test.each([
    ['an older section is the newest', released.replace('[1.2.0]', '[1.1.9]'), /newest version.*1\.1\.9/],
    ['the section has no date', '## [1.2.0]\n\n- New.\n', /newest version.*missing/],
    [
      'something is under Unreleased',
      released.replace('[Unreleased]\n', '[Unreleased]\n\n- More.\n'),
      /Unreleased/,
    ],
  ])('is stopped when %s', (_, changelog, problem) => {
    const problems = versionProblems('1.2.0', texts(changelog), true);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
  });
});

describe('between releases', () => {
  test('the version may stand under Unreleased', () => {
    expect(versionProblems('1.2.0', texts('## [Unreleased]\n\nThis is 1.2.0.\n'), false)).toEqual([]);
  });

  test('a version that the changelog does not name is a problem', () => {
    expect(versionProblems('1.3.0', texts(released, '1.3.0'), false)).toEqual([
      'CHANGELOG.md: neither the newest section nor Unreleased names version 1.3.0.',
    ]);
  });
});

test.each(['packageLock', 'registryEntry'] as const)('an old version in %s is a problem', (name) => {
  const old = { ...texts(released), [name]: texts(released, '1.1.0')[name] };
  expect(versionProblems('1.2.0', old, false)).toHaveLength(1);
});
