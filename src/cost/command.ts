import { readConfig } from '../config.ts';
import { pinsOf } from '../pins.ts';
import { policyOf } from '../policy.ts';
import type { SurfaceKind } from '../settings.ts';
import { tell } from '../start-failure.ts';
import { assertSelection } from '../surfaces/select.ts';
import { connectClient } from './client.ts';
import { effectOf } from './effect.ts';
import { textOfCosts, textOfTools } from './text.ts';

type Print = (text: string) => void;

/**
 * Prints the tools that the settings leave, or what they cost a model.
 *
 * @param flags `tokens` and `json`, and settings by name
 * @throws ConfigError
 */
export async function listTools(
  { tokens, json, ...flags }: Record<string, string | boolean>,
  print: Print,
): Promise<void> {
  const config = readConfig(flags, process.env, tell);
  const [pins, policy] = [pinsOf(config), policyOf(config)];
  assertSelection({ pins, policy });
  const connect = (surface: SurfaceKind) => connectClient({ config, surface, pins, policy });
  const shown = await connect(config.surface.value);
  if (!tokens) {
    const rows = shown.tools.map((tool) => ({ name: tool.name, effect: effectOf(tool), title: tool.title }));
    print(json ? JSON.stringify(rows) : textOfTools(shown.tools));
    return;
  }
  const { measureCosts } = await import('./costs.ts');
  const costs = await measureCosts(await connect('full'), await connect('compact'), shown);
  print(json ? JSON.stringify(costs) : textOfCosts(costs));
}
