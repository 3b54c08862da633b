import { readFileSync } from 'node:fs';
import { placeholderOwner, readPackageFile, repositoryOf, root } from './project.ts';

/** The texts in which a version is written. */
export interface VersionTexts {
  readonly changelog: string;
  readonly packageLock: string;
  readonly registryEntry: string;
}

const readText = (path: string) => readFileSync(new URL(path, root), 'utf8');

export const readVersionTexts = (): VersionTexts => ({
  changelog: readText('CHANGELOG.md'),
  packageLock: readText('package-lock.json'),
  registryEntry: readText('server.json'),
});

/**
 * Where the version of package.json is missing or another one, in a sentence each.
 *
 * @param isRelease the changelog has to have a section with a date, and nothing that is not released
 */
export function versionProblems(version: string, texts: VersionTexts, isRelease: boolean): string[] {
  const { changelog, packageLock, registryEntry } = texts;
  const problems: string[] = [];
  const [, unreleased = ''] = /^## \[Unreleased\]\n([\s\S]*?)(?=^## \[|(?![\s\S]))/m.exec(changelog) ?? [];
  const [, newest] = /^## \[(\d+\.\d+\.\d+[^\]]*)\] - \d{4}-\d{2}-\d{2}$/m.exec(changelog) ?? [];
  if (isRelease) {
    if (newest !== version)
      problems.push(
        `CHANGELOG.md: the newest version with a date is ${newest ?? 'missing'}, not ${version}.`,
      );
    if (unreleased.trim() !== '')
      problems.push(`CHANGELOG.md: move what is under Unreleased to the section of ${version}.`);
  } else if (newest !== version && !unreleased.includes(version)) {
    problems.push(`CHANGELOG.md: neither the newest section nor Unreleased names version ${version}.`);
  }
  const lock = JSON.parse(packageLock);
  if (lock.version !== version || lock.packages?.['']?.version !== version)
    problems.push(`package-lock.json: the version is not ${version}; run npm install.`);
  const entry = JSON.parse(registryEntry);
  if (entry.version !== version || entry.packages.some((one: { version: string }) => one.version !== version))
    problems.push(`server.json: the version is not ${version}; run npm run packaging.`);
  return problems;
}

/** Why the address of the repository cannot be published. */
export function repositoryProblems(isRelease: boolean): string[] {
  return isRelease && repositoryOf(readPackageFile()).owner === placeholderOwner
    ? ['package.json: set repository.url, then run npm run packaging.']
    : [];
}
