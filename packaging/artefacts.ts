import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { commandOf, makeBundle, runMcpb, sandboxValues } from './mcpb/bundle.ts';
import { packTarball, runNpm } from './npm-tarball.ts';
import { asJsonText } from './project.ts';
import { checkServer, type ServerCheck } from './start-server.ts';

/** A form in which the program is published. */
export interface Artefact {
  readonly name: string;
  /** Makes it from the built program in dist/. Gives its path. */
  make(folder: string): Promise<string>;
  /** Installs it in an empty folder as a user would, and starts it there with the sandbox on. */
  start(path: string, folder: string): Promise<ServerCheck>;
}

const path = process.env.PATH ?? '';

const npmTarball: Artefact = {
  name: 'npm package',
  make: async (folder) => packTarball(folder),
  start: async (tarball, folder) => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), asJsonText({ private: true }));
    runNpm(['install', '--offline', '--no-audit', '--no-fund', tarball], { cwd: folder });
    const cli = join(folder, 'node_modules/synqly-mcp/dist/cli.js');
    return checkServer({
      command: process.execPath,
      args: [cli, '--sandbox'],
      env: { PATH: path },
      cwd: folder,
    });
  },
};

const mcpBundle: Artefact = {
  name: 'MCP bundle',
  make: async (folder) => (await makeBundle(folder)).path,
  start: async (bundle, folder) => {
    runMcpb('unpack', bundle, folder);
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    return checkServer(await commandOf(manifest, folder, sandboxValues));
  },
};

export const artefacts: readonly Artefact[] = [npmTarball, mcpBundle];

/** Whether a file is an MCP bundle. */
export const isBundle = (file: string): boolean => basename(file).endsWith('.mcpb');
