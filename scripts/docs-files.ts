import { existsSync, readdirSync } from 'node:fs';

/** A Markdown file of the repository; `name` is its path from the root, with `/`. */
export interface MarkdownFile {
  readonly name: string;
  readonly url: URL;
}

export const root = new URL('../', import.meta.url);

/** README.md and the other Markdown files of the root, and all of docs/ and examples/. */
export function markdownFiles(): readonly MarkdownFile[] {
  const inFolder = (folder: string): string[] =>
    existsSync(new URL(folder, root))
      ? readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' }).map(
          (name) => `${folder}/${name.replaceAll('\\', '/')}`,
        )
      : [];
  return [...readdirSync(root), ...inFolder('docs'), ...inFolder('examples')]
    .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
    .sort()
    .map((name) => ({ name, url: new URL(name, root) }));
}
