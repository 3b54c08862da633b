import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runProgram } from './run-program.ts';
import versions from './versions.json' with { type: 'json' };
import { goVersion, type NpmPackage, type PythonPackage } from './versions.ts';

const drivers = fileURLToPath(new URL('drivers/', import.meta.url));
const cache = fileURLToPath(new URL('../../node_modules/.cache/clients/', import.meta.url));
const limitMs = 300_000;
mkdirSync(cache, { recursive: true });

/** Where a client is installed. */
export interface Installation {
  readonly folder: string;
  /** The program that runs the driver, and its first arguments. */
  readonly program: readonly [string, ...string[]];
}

/** A client that cannot be installed here. */
export class NotInstalled extends Error {}

/** Installs npm packages into a folder of the cache, unless the same versions are there. */
export async function installNpm(packages: readonly NpmPackage[], node: string): Promise<Installation> {
  const wanted = packages.map((name) => `${name}@${versions.npm[name]}`);
  const folder = await install(wanted, async (path) => {
    const options = ['--no-save', '--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund'];
    await runInstaller('npm', ['install', ...options, '--prefix', path, ...wanted], path);
  });
  return { folder, program: [node] };
}

/** Installs a Python package into a virtual environment of its own. */
export async function installPython(name: PythonPackage): Promise<Installation> {
  const wanted = `${name}==${versions.pypi[name]}`;
  const folder = await install([wanted], async (path) => {
    await runInstaller('python3', ['-m', 'venv', 'venv'], path);
    await runInstaller('venv/bin/python', ['-m', 'pip', 'install', '--quiet', wanted], path);
  });
  return { folder, program: [`${folder}venv/bin/python`] };
}

/** Builds the client in Go. */
export async function installGo(): Promise<Installation> {
  const path = `${drivers}go`;
  const source = createHash('sha256')
    .update(readFileSync(`${path}/main.go`))
    .digest('hex');
  const folder = await install([`go-sdk@${goVersion()}`, source], async (target) => {
    await runInstaller('go', ['build', '-mod=readonly', '-o', `${target}client`, '.'], path);
  });
  return { folder, program: [`${folder}client`] };
}

/** The program of the newer Node, which some clients need; npm brings it. */
export async function installNewerNode(): Promise<string> {
  const wanted = `--package=node@${versions.npm.node}`;
  const args = ['--yes', wanted, '--', 'node', '--print', 'process.execPath'];
  return (await runInstaller('npx', args, cache)).trim();
}

async function install(
  wanted: readonly string[],
  carryOut: (path: string) => Promise<void>,
): Promise<string> {
  const path = `${cache}${wanted[0]?.replaceAll(/[@/=]+/g, '-').replace(/^-/, '')}/`;
  const marker = `${path}installed.json`;
  const content = JSON.stringify(wanted);
  if (!existsSync(marker) || readFileSync(marker, 'utf8') !== content) {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { recursive: true });
    await carryOut(path);
    writeFileSync(marker, content);
  }
  // A driver finds the packages of its client beside it.
  cpSync(drivers, path, { recursive: true });
  return path;
}

async function runInstaller(command: string, args: readonly string[], cwd: string): Promise<string> {
  // Installers need the settings of this machine: registry, certificates, caches.
  const { code, stdout, stderr } = await runProgram(command, args, { cwd, env: process.env, limitMs });
  if (code === 0) return stdout;
  const lines = `${stderr}\n${stdout}`.trim().split('\n');
  const errors = lines.filter((line) => /error|ENOENT|not found/i.test(line)).slice(0, 2);
  // The table may be published: it names no registry.
  const reason = (errors.length > 0 ? errors : lines.slice(-1))
    .join(' ')
    .replaceAll(/https?:\S+/g, '(address)');
  throw new NotInstalled(`${command}: ${code === undefined ? 'took too long' : reason}`);
}
