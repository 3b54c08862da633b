import { staleFiles, writeGeneratedFile } from './generated-files.ts';
import { placeholderOwner, readPackageFile, repositoryOf } from './project.ts';

/*
 * npm run packaging: writes the generated files. --check writes nothing and fails when one is not up to date; --release
 * fails as long as the address of the repository is not set.
 */
const options = new Set(process.argv.slice(2));
const stale = staleFiles();

if (options.has('--release') && repositoryOf(readPackageFile()).owner === placeholderOwner) {
  console.error('package.json: set repository.url, then run npm run packaging.');
  process.exitCode = 1;
} else if (options.has('--check')) {
  for (const { path } of stale) console.error(`${path} is not up to date: run npm run packaging.`);
  if (stale.length > 0) process.exitCode = 1;
} else {
  for (const file of stale) writeGeneratedFile(file);
  console.log(stale.length === 0 ? 'Everything is up to date.' : stale.map(({ path }) => path).join('\n'));
}
