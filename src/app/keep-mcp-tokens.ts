import { baseUrlOf, type Config } from '../config/load-config.ts';
import type { Access } from './synqly-connection.ts';

/** The same access, with the MCP tokens that are made through it kept where a gateway finds them, if a place is named. */
export function keepMcpTokens(access: Access, config: Config): Access {
  const { value: named } = config.tokenStore;
  if (named === undefined || config.sandbox.value) return access;
  const open = async () => {
    const [{ rememberMcpTokens }, { openTokenStore }] = await Promise.all([
      import('../auth/mcp-tokens/record-issued-tokens.ts'),
      import('../auth/mcp-tokens/open-store.ts'),
    ]);
    const [{ client, token }, store] = await Promise.all([access.open(), openTokenStore(named)]);
    const remembering = { store, audience: baseUrlOf(config).href, label: 'made by a tool' };
    return { client: rememberMcpTokens(client, remembering), token };
  };
  return { ...access, open };
}
