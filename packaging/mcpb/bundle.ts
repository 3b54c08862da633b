import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getMcpConfigForManifest } from '@anthropic-ai/mcpb/node';
import { type Zippable, zipSync } from 'fflate';
import { asJsonText, readPackageFile, root } from '../project.ts';
import { checkServer, type ServerCheck, type ServerCommand } from '../start-server.ts';
import { bundleManifest, type Manifest } from './manifest.ts';

/** Values of the form, as a person fills it in. */
export type FormValues = Readonly<Record<string, string | boolean>>;

/**
 * How an application starts the server of a bundle: the manifest's command with the values of the form, by the code that
 * applications use for it. Variables of this process are left out but PATH, which finds Node.
 */
export async function commandOf(
  manifest: Manifest,
  folder: string,
  values: FormValues,
): Promise<ServerCommand> {
  const config = await getMcpConfigForManifest({
    manifest,
    extensionPath: folder,
    systemDirs: {},
    userConfig: { ...values },
    pathSeparator: sep,
  });
  if (!config) throw new Error('The form misses a required value.');
  const { command, args = [], env = {} } = config;
  return { command, args, env: { PATH: process.env.PATH ?? '', ...env } };
}

/** Values of the form with which every tool is listed, without a token. */
export const sandboxValues: FormValues = { sandbox: true, read_only: false };

export interface Bundle {
  readonly path: string;
  readonly manifest: Manifest;
  /** What the staged server answered. */
  readonly check: ServerCheck;
}

/**
 * Makes the MCP bundle of the built program: stages it, starts it from its own manifest, writes the tools that it lists into
 * the manifest, checks the manifest and packs everything.
 *
 * @throws Error when the staged server does not work or the manifest is not valid
 */
export async function makeBundle(folder: string): Promise<Bundle> {
  const { name, version } = readPackageFile();
  const staging = join(folder, `${name}-${version}.staging`);
  stage(staging);
  const check = await checkServer(await commandOf(bundleManifest([]), staging, sandboxValues));
  const manifest = bundleManifest(check.tools);
  writeFileSync(join(staging, 'manifest.json'), asJsonText(manifest));
  runMcpb('validate', staging);
  const path = join(folder, `${name}-${version}.mcpb`);
  writeFileSync(path, zipFolder(staging));
  rmSync(staging, { recursive: true });
  return { path, manifest, check };
}

/** Runs the command line of MCP bundles. @throws Error with what it printed, when it fails */
export function runMcpb(...args: string[]): void {
  const program = fileURLToPath(new URL('node_modules/@anthropic-ai/mcpb/dist/cli/cli.js', root));
  try {
    execFileSync(process.execPath, [program, ...args], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`mcpb ${args.join(' ')}:\n${stdout ?? ''}${stderr ?? ''}`);
  }
}

/** The files of the bundle, without the manifest. */
function stage(folder: string): void {
  const { name, version } = readPackageFile();
  const files = {
    'dist/': 'server/dist/',
    'assets/icon-512.png': 'icon.png',
    LICENSE: 'LICENSE',
    'packaging/mcpb/README.md': 'README.md',
  };
  rmSync(folder, { recursive: true, force: true });
  for (const [from, to] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, to)), { recursive: true });
    cpSync(fileURLToPath(new URL(from, root)), join(folder, to), { recursive: true });
  }
  // Node reads here that the files are ES modules.
  writeFileSync(join(folder, 'server/package.json'), asJsonText({ name, version, type: 'module' }));
}

/** The same time in every entry, in the local time zone that the format has: equal files give equal bytes. */
const entryTime = new Date(1980, 0, 1);

/** A ZIP archive of a folder, with its entries in a fixed order. */
function zipFolder(folder: string): Uint8Array {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .sort();
  const entries: Zippable = {};
  for (const name of names) {
    const mode = name === 'server/dist/cli.js' ? 0o755 : 0o644;
    // 3 stands for Unix, whose permissions are in the upper half of the attributes.
    entries[name] = [readFileSync(join(folder, name)), { os: 3, attrs: mode << 16 }];
  }
  return zipSync(entries, { level: 9, mtime: entryTime });
}
