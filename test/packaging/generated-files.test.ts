import { expect, test } from 'vitest';
import packageFile from '../../package.json' with { type: 'json' };
import { staleFiles } from '../../packaging/generated-files.ts';
import { linkedPackageFile, readPackageFile, repositoryOf } from '../../packaging/project.ts';

test('the generated files are up to date (npm run packaging)', () => {
  expect(staleFiles().map(({ path }) => path)).toEqual([]);
});

test('the links of package.json follow from the address of the repository', () => {
  const repository = { type: 'git', url: 'git+https://github.com/example-org/synqly-mcp.git' };
  expect(linkedPackageFile({ ...readPackageFile(), repository })).toMatchObject({
    mcpName: 'io.github.example-org/synqly-mcp',
    homepage: 'https://github.com/example-org/synqly-mcp#readme',
    bugs: { url: 'https://github.com/example-org/synqly-mcp/issues' },
  });
});

test('an address of another kind is refused', () => {
  for (const url of [
    'https://github.com/a/b',
    'git+https://gitlab.com/a/b.git',
    'git+https://github.com/a.git',
  ])
    expect(() => repositoryOf({ repository: { type: 'git', url } }), url).toThrow(/repository\.url/);
});

test('package.json installs nothing besides the package', () => {
  expect(Object.keys(packageFile).filter((field) => /dependencies/i.test(field))).toEqual([
    'devDependencies',
  ]);
});
