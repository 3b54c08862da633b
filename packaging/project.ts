import { readFileSync } from 'node:fs';

export const root = new URL('..', import.meta.url);
const packagePath = new URL('package.json', root);

/** The fields of package.json that every form of the program is made from. */
export interface PackageFile {
  name: string;
  version: string;
  description: string;
  license: string;
  author: string;
  keywords: string[];
  mcpName: string;
  homepage: string;
  repository: { type: string; url: string };
  bugs: { url: string };
  engines: { node: string };
  bin: Record<string, string>;
}

export const readPackageFile = (): PackageFile => JSON.parse(readFileSync(packagePath, 'utf8'));

/** The owner in `repository.url` as long as nobody has set where the repository is published. */
export const placeholderOwner = 'OWNER';

/** Owner and web address of the repository. @throws Error when `repository.url` is no GitHub repository */
export function repositoryOf({ repository }: Pick<PackageFile, 'repository'>) {
  const [, owner, name] =
    /^git\+https:\/\/github\.com\/([\w.-]+)\/([\w.-]+)\.git$/.exec(repository.url) ?? [];
  if (owner === undefined || name === undefined)
    throw new Error('package.json: repository.url must be git+https://github.com/OWNER/NAME.git');
  return { owner, webUrl: `https://github.com/${owner}/${name}` };
}

/** package.json with the fields that follow from `repository.url`. */
export function linkedPackageFile(file: PackageFile): PackageFile {
  const { owner, webUrl } = repositoryOf(file);
  return {
    ...file,
    mcpName: `io.github.${owner}/${file.name}`,
    homepage: `${webUrl}#readme`,
    bugs: { url: `${webUrl}/issues` },
  };
}

/** A file as it is written: two spaces, and a line feed at the end. */
export const asJsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
