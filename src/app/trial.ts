import type { Upstream } from '../request-context.ts';
import type { SharedUpstream } from './synqly-connection.ts';

const trialWithin = 10_000;
/** As long as MCP tokens can live. */
const trialLife = '24h';

/** How to try a server of the sandbox: its address, and a client's settings with an MCP token made for it. */
export async function offerTrial(
  url: string,
  client: Upstream['client'],
  { token }: SharedUpstream,
): Promise<string> {
  const answer = await client.request(
    {
      method: 'POST',
      path: '/v1/tokens/mcp',
      body: { token_ttl: trialLife, scope: { type: 'management' } },
      repeatable: false,
      signal: AbortSignal.timeout(trialWithin),
      deadline: Date.now() + trialWithin,
    },
    (await token?.current()) ?? '',
  );
  const { secret } = (answer.body as { result: { secret: string } }).result;
  const headers = { Authorization: `Bearer ${secret}` };
  const settings = JSON.stringify({ mcpServers: { synqly: { type: 'http', url, headers } } }, null, 2);
  return `\nSandbox with invented data at ${url}\nA client's settings, with an MCP token for it:\n\n${settings}\n\n`;
}
