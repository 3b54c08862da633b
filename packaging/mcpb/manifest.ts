import type { McpbManifestSchema } from '@anthropic-ai/mcpb/schemas/0.3';
import { linkedPackageFile, readPackageFile, repositoryOf } from '../project.ts';
import type { ListedTool } from '../start-server.ts';
import { formEnvironment, formFields } from './form.ts';

/** The manifest of an MCP bundle, version 0.3. */
export type Manifest = ReturnType<typeof McpbManifestSchema.parse>;

/** What the bundle says of privacy; the same as packaging/README.md. */
const privacy =
  'The program sends requests to Synqly (or to the sandbox, on the same machine) and to nothing else: no telemetry, no usage statistics, no check for updates. ' +
  'What a tool returns goes to the assistant that called it. The token is kept by the application that shows this form, and is masked in results, errors and logs.';

/** The manifest of the bundle, with the tools that its server listed. */
export function bundleManifest(tools: readonly ListedTool[]): Manifest {
  const file = linkedPackageFile(readPackageFile());
  const { webUrl } = repositoryOf(file);
  return {
    manifest_version: '0.3',
    name: file.name,
    display_name: 'Synqly',
    version: file.version,
    description: file.description,
    long_description: [
      file.description,
      'Read only is on by default: turn it off to let the assistant change things. Deletes, resets and revocations are confirmed first. To try it without a Synqly account, turn on the sandbox.',
      `## Privacy\n\n${privacy}`,
    ].join('\n\n'),
    author: { name: file.author, url: webUrl },
    repository: { type: 'git', url: `${webUrl}.git` },
    homepage: webUrl,
    documentation: `${webUrl}/blob/main/docs/clients/claude-desktop.md`,
    support: file.bugs.url,
    icon: 'icon.png',
    server: {
      type: 'node',
      entry_point: 'server/dist/cli.js',
      mcp_config: {
        command: 'node',
        args: ['${__dirname}/server/dist/cli.js'],
        env: { ...formEnvironment },
      },
    },
    tools: tools.map(({ name, description }) => ({ name, description })),
    // The settings and the permissions of the token decide which of the tools are listed.
    tools_generated: true,
    prompts_generated: true,
    keywords: file.keywords,
    license: file.license,
    privacy_policies: [`${webUrl}/blob/main/packaging/README.md#privacy`],
    compatibility: { platforms: ['darwin', 'win32', 'linux'], runtimes: { node: file.engines.node } },
    user_config: { ...formFields },
  };
}
