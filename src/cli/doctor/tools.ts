import type { TokenPermissions } from '../../access/permissions.ts';
import { assertToolsLeft } from '../../access/visibility.ts';
import { connectInProcess } from '../../app/in-process-client.ts';
import { pinsOf, policyOf } from '../../app/policy-from-config.ts';
import { type Config, ConfigError } from '../../config/load-config.ts';
import { type Check, failed, passed } from './check.ts';
import type { ShowProgress } from './progress.ts';

/**
 * Counts the tools that a client gets, and their tokens.
 *
 * @param permissions those of the token, if they are known
 */
export async function checkTools(
  config: Config,
  permissions: TokenPermissions | undefined,
  showProgress: ShowProgress,
): Promise<Check> {
  const [pins, policy, surface] = [pinsOf(config), policyOf(config), config.surface.value];
  try {
    assertToolsLeft({ pins, policy });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return failed(
      'tools',
      error.message,
      'Correct the flag or its variable; synqly-mcp tools lists what is left.',
    );
  }
  const hiding = config.permissions.value === 'learn' ? permissions : undefined;
  const { tools, instructions, tokens, more } = await showProgress('counting tokens', async () => {
    const { tokensOf, tokensOfJson } = await import('../token-cost/tokens.ts');
    const { costOfTool } = await import('../token-cost/measure.ts');
    const shown = await connectInProcess({ config, surface, pins, policy, permissions: hiding });
    return {
      tools: shown.tools.length,
      instructions: tokensOf(shown.instructions),
      // As `tools --tokens` counts: the compact surface as sent, with titles and hints.
      tokens:
        surface === 'compact'
          ? tokensOfJson(shown.tools)
          : shown.tools.reduce((sum, tool) => sum + costOfTool(tool), 0),
      more: hiding ? ' that the token may use' : '',
    };
  });
  const costs = `${tokens.toLocaleString('en-US')} tokens, instructions ${instructions.toLocaleString('en-US')}`;
  return passed('tools', `${tools}${more} (${surface} surface): ${costs}`, {
    surface,
    tools,
    tokens,
    instructions_tokens: instructions,
  });
}
