import { readFileSync, writeFileSync } from 'node:fs';
import { updateAnswers } from '../test/docs/answers.ts';
import { markdownFiles, root } from './docs-files.ts';
import { updateTables } from './docs-tables.ts';
import { textsFile, textsPage } from './docs-texts.ts';

/*
 * Updates the generated parts of the documentation: the tables of settings and tools, the answers of the server, and
 * the page of all texts.
 * Needs a built dist/.
 */
for (const file of markdownFiles()) {
  const text = readFileSync(file.url, 'utf8');
  const updated = await updateAnswers(updateTables(file.name, text));
  if (updated === text) continue;
  writeFileSync(file.url, updated);
  console.log(`updated ${file.name}`);
}

writeFileSync(new URL(textsFile, root), await textsPage());
