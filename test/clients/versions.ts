import { readFileSync } from 'node:fs';
import versions from './versions.json' with { type: 'json' };

export type NpmPackage = keyof typeof versions.npm;
export type PythonPackage = keyof typeof versions.pypi;

/** The version of the Go SDK, which `go.mod` names. */
export function goVersion(): string {
  const file = readFileSync(new URL('drivers/go/go.mod', import.meta.url), 'utf8');
  const [, version = 'unknown'] = /go-sdk v(\S+)/.exec(file) ?? [];
  return version;
}

/** The version of a client, as the table shows it. */
export function versionOf(client: {
  readonly npm?: readonly [NpmPackage, ...NpmPackage[]];
  readonly pypi?: PythonPackage;
}): string {
  if (client.npm) return versions.npm[client.npm[0]];
  return client.pypi ? versions.pypi[client.pypi] : goVersion();
}
