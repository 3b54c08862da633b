import { readFileSync, writeFileSync } from 'node:fs';
import { updateAnswers } from '../test/docs/answers.ts';
import { markdownFiles } from './docs-files.ts';
import { updateTables } from './docs-tables.ts';

/*
 * Updates the generated parts of the documentation: the tables of settings and tools, and the answers of the server.
 * Needs a built dist/.
 */
for (const file of markdownFiles()) {
  const text = readFileSync(file.url, 'utf8');
  const updated = await updateAnswers(updateTables(file.name, text));
  if (updated === text) continue;
  writeFileSync(file.url, updated);
  console.log(`updated ${file.name}`);
}
