import { readFile } from 'node:fs/promises';

/*
 * Asks the registry for advisories about the libraries in the bundle. They are development dependencies, so that
 * `npm audit --omit=dev` looks at none of them. Exits with 1 on an advisory of high or critical severity; where the registry
 * does not answer, says so and passes.
 *
 * node scripts/audit-bundled.mjs [dist/THIRD-PARTY-NOTICES.txt]
 */
const notices = process.argv[2] ?? new URL('../dist/THIRD-PARTY-NOTICES.txt', import.meta.url);
const registry = process.env.npm_config_registry ?? 'https://registry.npmjs.org/';
const failing = new Set(['high', 'critical']);
const answerWithin = 20_000;

/** Name and version of every package begin its notice. */
const heading = /(?:^|\n-{80}\n\n)((?:@[^\s/]+\/)?[^\s/]+) (\d+\.\d+\.\d+\S*)\n\n/g;

/** @type {Record<string, string[]>} */
const versions = {};
for (const [, name = '', version = ''] of (await readFile(notices, 'utf8')).matchAll(heading)) {
  versions[name] = [...(versions[name] ?? []), version];
}
const count = Object.keys(versions).length;
if (count === 0) throw new Error(`No bundled library is named in ${notices}: build first.`);

/** @returns {Promise<Record<string, { severity: string, title: string, url: string }[]>>} by package */
async function readAdvisories() {
  const url = new URL(
    '-/npm/v1/security/advisories/bulk',
    registry.endsWith('/') ? registry : `${registry}/`,
  );
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(versions),
    signal: AbortSignal.timeout(answerWithin),
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.json();
}

try {
  const found = Object.entries(await readAdvisories()).flatMap(([name, advisories]) =>
    advisories.map((advisory) => ({ ...advisory, name })),
  );
  for (const { name, severity, title, url } of found) {
    console.log(`${severity}: ${name} ${versions[name]?.join(', ')}: ${title} (${url})`);
  }
  console.log(`${count} bundled libraries audited, ${found.length} advisories.`);
  process.exitCode = found.some(({ severity }) => failing.has(severity)) ? 1 : 0;
} catch (error) {
  console.log(
    `Skipped: the registry tells no advisories (${error instanceof Error ? error.message : error}).`,
  );
}
