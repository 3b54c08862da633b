import { formVariables } from './mcpb/form.ts';
import { type PackageFile, repositoryOf } from './project.ts';

/** An MCP bundle that a release offers for download. */
export interface PublishedBundle {
  readonly fileName: string;
  readonly sha256: string;
}

/** In place of the description of package.json, which is longer than the registry allows. */
const shortDescription =
  'Administer a Synqly organization: accounts, integrations, credentials, members and tokens.';

/** Variables of the server, as the registry describes them. */
const environmentVariables = formVariables.map(({ variable, choices, field }) => ({
  name: variable,
  description: field.description,
  isRequired: field.required,
  ...(field.sensitive === true && { isSecret: true }),
  format: { string: 'string', boolean: 'boolean', directory: 'filepath' }[field.type],
  ...(field.default !== undefined && { default: String(field.default) }),
  ...(choices.length > 0 && { choices }),
}));

/**
 * The entry in the MCP registry: `server.json`, schema 2025-12-11.
 *
 * @param bundle is listed too; its hash is known when it has been made
 */
export function registryEntry(file: PackageFile, bundle?: PublishedBundle) {
  const { webUrl, owner } = repositoryOf(file);
  const rawUrl = `https://raw.githubusercontent.com/${owner}/${webUrl.split('/').at(-1)}`;
  const npmPackage = {
    registryType: 'npm',
    registryBaseUrl: 'https://registry.npmjs.org',
    identifier: file.name,
    version: file.version,
    runtimeHint: 'npx',
    transport: { type: 'stdio' },
    environmentVariables,
  };
  const bundlePackage = bundle && {
    registryType: 'mcpb',
    identifier: `${webUrl}/releases/download/v${file.version}/${bundle.fileName}`,
    version: file.version,
    fileSha256: bundle.sha256,
    transport: { type: 'stdio' },
  };
  return {
    $schema: 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json',
    name: file.mcpName,
    title: 'Synqly',
    description: shortDescription,
    version: file.version,
    websiteUrl: webUrl,
    repository: { url: webUrl, source: 'github' },
    icons: [
      { src: `${rawUrl}/v${file.version}/assets/icon-512.png`, mimeType: 'image/png', sizes: ['512x512'] },
    ],
    packages: [npmPackage, ...(bundlePackage ? [bundlePackage] : [])],
  };
}
