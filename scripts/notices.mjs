import { readdir, readFile } from 'node:fs/promises';

/**
 * The license texts of every package that went into the bundle. Their licenses ask that the text travels along
 * with the code.
 *
 * @param {URL} root folder of the project
 * @param {readonly string[]} inputs bundled files, relative to the root
 * @returns {Promise<string>}
 */
export async function collectNotices(root, inputs) {
  const folders = new Set(inputs.map(packageFolder).filter(Boolean));
  const notices = await Promise.all([...folders].sort().map((folder) => notice(new URL(folder, root))));
  return notices.join(`\n${'-'.repeat(80)}\n\n`);
}

/** @param {string} input */
function packageFolder(input) {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+\//.exec(input)?.[0];
}

/** @param {URL} folder */
async function notice(folder) {
  const { name, version, license } = JSON.parse(await readFile(new URL('package.json', folder), 'utf8'));
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? await readFile(new URL(file, folder), 'utf8') : `License: ${license}\n`;
  return `${name} ${version}\n\n${text}`;
}
