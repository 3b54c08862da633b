import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { tableOf } from '../src/cli/text-table.ts';
import { type Artefact, artefacts, isBundle } from './artefacts.ts';
import { staleFiles } from './generated-files.ts';
import { asJsonText, linkedPackageFile, readPackageFile, root } from './project.ts';
import { registryEntry } from './registry.ts';
import { billOfMaterials } from './sbom.ts';
import { checkServer, type ServerCheck } from './start-server.ts';
import { readVersionTexts, repositoryProblems, versionProblems } from './versions.ts';

/*
 * npm run release:check: makes everything that a release publishes, in build/, starts each, compares what the servers
 * list and say, and prints a table. Exits with 1 on a problem. --release also asks for what only a release has: a date in
 * the changelog and the address of the repository.
 */
const isRelease = process.argv.includes('--release');
const output = fileURLToPath(new URL('build/', root));
const { version } = readPackageFile();

interface Made {
  readonly artefact: Artefact;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

const buildProgram = () =>
  execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: fileURLToPath(root), stdio: 'inherit' });

async function makeAll(folder: string): Promise<Made[]> {
  buildProgram();
  const made: Made[] = [];
  for (const artefact of artefacts) {
    const path = await artefact.make(folder);
    const content = readFileSync(path);
    made.push({
      artefact,
      path,
      bytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
    });
  }
  return made;
}

const problems = [
  ...staleFiles().map(({ path }) => `${path} is not up to date: run npm run packaging.`),
  ...versionProblems(version, readVersionTexts(), isRelease),
  ...repositoryProblems(isRelease),
];

/** Times in an answer, such as when the token of the sandbox expires, follow the clock. */
const withoutTimes = (answer: string) => answer.replaceAll(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, 'TIME');

/** Compares an artefact's server with that of the built program. */
function compare(name: string, built: ServerCheck, { version: started, tools, answer }: ServerCheck): void {
  if (started !== version) problems.push(`${name}: its server says version ${started}, not ${version}.`);
  if (withoutTimes(answer) !== withoutTimes(built.answer))
    problems.push(`${name}: its server answers the call otherwise.`);
  if (!isDeepStrictEqual(tools, built.tools))
    problems.push(
      `${name}: its tools (${tools.length}) are not those of the built program (${built.tools.length}).`,
    );
}

/** Makes, starts and compares everything. */
async function checkArtefacts(): Promise<void> {
  const scratch = mkdtempSync(join(realpathSync(tmpdir()), 'synqly-mcp-release-'));
  try {
    rmSync(output, { recursive: true, force: true });
    mkdirSync(output);
    const first = await makeAll(join(scratch, 'first'));
    const made = await makeAll(output);
    const built = await checkServer({
      command: process.execPath,
      args: [fileURLToPath(new URL('dist/cli.js', root)), '--sandbox'],
      env: { PATH: process.env.PATH ?? '' },
    });
    const lines = [];
    for (const [index, { artefact, path, bytes, sha256 }] of made.entries()) {
      const check = await artefact.start(path, join(scratch, `installed ${index}`));
      compare(artefact.name, built, check);
      const isSame = first[index]?.sha256 === sha256;
      if (!isSame) problems.push(`${artefact.name}: two builds of the same files give different bytes.`);
      writeFileSync(`${path}.cdx.json`, asJsonText(billOfMaterials({ fileName: basename(path), sha256 })));
      lines.push([basename(path), bytes, check.tools.length, isSame ? 'same' : 'differ', sha256]);
    }
    const bundle = made.find(({ path }) => isBundle(path));
    writeFileSync(
      join(output, 'server.json'),
      asJsonText(
        registryEntry(
          linkedPackageFile(readPackageFile()),
          bundle && { fileName: basename(bundle.path), sha256: bundle.sha256 },
        ),
      ),
    );
    writeFileSync(
      join(output, 'SHA256SUMS'),
      made.map(({ path, sha256 }) => `${sha256}  ${basename(path)}\n`).join(''),
    );
    console.log(tableOf([['File', 'Bytes', 'Tools', 'Two builds', 'SHA-256'], ...lines]));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

// What is wrong in the files is said at once: building takes a minute.
if (problems.length === 0) await checkArtefacts();
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else console.log(`Version ${version}: everything was built, started and called; files in build/.`);
