import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runNpm } from './npm-tarball.ts';
import { readPackageFile, root } from './project.ts';

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly properties: readonly { readonly name: string; readonly value: string }[];
}

interface BillOfMaterials {
  readonly serialNumber?: string;
  readonly metadata: { readonly timestamp?: string; readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** Name and version of every package begin its notice. */
const noticeHeading = /(?:^|\n-{80}\n\n)((?:@[^\s/]+\/)?[^\s/]+ \d+\.\d+\.\d+\S*)\n\n/g;

/** The libraries in the built program, as `name@version`. */
export function bundledLibraries(): ReadonlySet<string> {
  const notices = readFileSync(new URL('dist/THIRD-PARTY-NOTICES.txt', root), 'utf8');
  return new Set([...notices.matchAll(noticeHeading)].map(([, name = '']) => name.replace(' ', '@')));
}

/**
 * The software bill of materials of an artefact in the format CycloneDX. npm knows the libraries as development
 * dependencies, since they are bundled; only those in the program are listed. Serial number and time are left out, so
 * that the same artefact has the same bill.
 *
 * @throws Error when a bundled library is not installed
 */
export function billOfMaterials(artefact: { readonly fileName: string; readonly sha256: string }) {
  const { name, bin } = readPackageFile();
  const text = runNpm(['sbom', '--sbom-format', 'cyclonedx'], { cwd: fileURLToPath(root) });
  const { serialNumber, metadata, components, dependencies, ...rest }: BillOfMaterials = JSON.parse(text);
  const { timestamp, ...otherMetadata } = metadata;
  const bundled = bundledLibraries();
  const listed = components.filter((component) => bundled.has(`${component.name}@${component.version}`));
  if (listed.length !== bundled.size)
    throw new Error(
      `${bundled.size} libraries are bundled, and npm knows ${listed.length} of them: run npm ci.`,
    );
  const program = metadata.component['bom-ref'];
  const refs = new Set(listed.map((component) => component['bom-ref']));
  return {
    ...rest,
    metadata: {
      ...otherMetadata,
      component: {
        ...metadata.component,
        // npm takes the name of the folder.
        name,
        type: 'application',
        hashes: [{ alg: 'SHA-256', content: artefact.sha256 }],
        properties: [
          { name: 'synqly-mcp:file', value: artefact.fileName },
          ...Object.keys(bin).map((command) => ({ name: 'synqly-mcp:command', value: command })),
        ],
      },
    },
    components: listed.map(({ properties, ...component }) => ({
      ...component,
      properties: properties.filter((property) => property.name !== 'cdx:npm:package:development'),
    })),
    dependencies: dependencies
      .filter(({ ref }) => ref === program || refs.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) })),
  };
}
