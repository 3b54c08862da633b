#!/usr/bin/env node
/*
 * The entry point. It is built for very old versions of Node, which could not parse the rest, so that it can print
 * which version is needed.
 */
declare const oldestNode: string;

const running = process.versions.node;

function isOlder(version: string, than: string): boolean {
  const [parts, wanted] = [version, than].map((text) => text.split('.').map(Number)) as [number[], number[]];
  const first = [0, 1, 2].find((place) => parts[place] !== wanted[place]);
  return first !== undefined && Number(parts[first]) < Number(wanted[first]);
}

if (isOlder(running, oldestNode)) {
  process.stderr.write(
    `synqly-mcp needs Node ${oldestNode} or later; this is Node ${running}. Install one from https://nodejs.org.\n`,
  );
  process.exitCode = 1;
} else {
  import('./cli/program.ts').then(
    ({ run }) => run(),
    (error: Error) => {
      process.stderr.write(`Cannot load synqly-mcp: ${String(error.message).split('\n')[0]}\n`);
      process.exitCode = 1;
    },
  );
}
