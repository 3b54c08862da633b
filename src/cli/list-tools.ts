import { assertToolsLeft } from '../access/visibility.ts';
import { connectInProcess } from '../app/in-process-client.ts';
import { pinsOf, policyOf } from '../app/policy-from-config.ts';
import { warn } from '../app/startup-errors.ts';
import { loadConfig } from '../config/load-config.ts';
import type { SurfaceKind } from '../config/settings.ts';
import { effectOf } from './token-cost/effect.ts';
import { textOfCosts, textOfTools } from './token-cost/report.ts';

type Print = (text: string) => void;

/**
 * Prints the tools available with the settings, or their cost in tokens.
 *
 * @param flags `tokens` and `json`, and settings by name
 * @throws ConfigError
 */
export async function listTools(
  { tokens, json, ...flags }: Record<string, string | boolean>,
  print: Print,
): Promise<void> {
  const config = loadConfig(flags, process.env, { mode: 'tools', warn });
  const [pins, policy] = [pinsOf(config), policyOf(config)];
  assertToolsLeft({ pins, policy });
  const connect = (surface: SurfaceKind) => connectInProcess({ config, surface, pins, policy });
  const shown = await connect(config.surface.value);
  if (!tokens) {
    const rows = shown.tools.map((tool) => ({ name: tool.name, effect: effectOf(tool), title: tool.title }));
    print(json ? JSON.stringify(rows) : textOfTools(shown.tools));
    return;
  }
  const { measureCosts } = await import('./token-cost/index.ts');
  const costs = await measureCosts(await connect('full'), await connect('compact'), shown);
  print(json ? JSON.stringify(costs) : textOfCosts(costs));
}
