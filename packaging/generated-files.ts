import { readFileSync, writeFileSync } from 'node:fs';
import { asJsonText, linkedPackageFile, readPackageFile, root } from './project.ts';
import { registryEntry } from './registry.ts';

/** Text of a file that is generated, and where it belongs. */
export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

/** Every generated file that is kept in the repository. */
export function generatedFiles(): GeneratedFile[] {
  const file = linkedPackageFile(readPackageFile());
  return [
    { path: 'package.json', text: asJsonText(file) },
    { path: 'server.json', text: asJsonText(registryEntry(file)) },
  ];
}

/** Generated files whose text in the repository is another one. */
export const staleFiles = (): GeneratedFile[] =>
  generatedFiles().filter(({ path, text }) => readOrUndefined(path) !== text);

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(new URL(path, root), 'utf8');
  } catch {
    return undefined;
  }
}

export function writeGeneratedFile({ path, text }: GeneratedFile): void {
  writeFileSync(new URL(path, root), text);
}
