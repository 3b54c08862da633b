import type { RequestContext } from '../request-context.ts';
import { version } from '../version.ts';
import { metaKeys } from './envelope.ts';

/** Name and version of this server. */
export const shortServerInfo = { name: 'synqly-mcp', version };

/** `_meta` of each result of the second generation: name and version only, since it is sent with every result. */
export const resultMeta = { [metaKeys.serverInfo]: shortServerInfo };

/** What clients show about this server. */
export function serverInfo({ sandbox }: RequestContext) {
  return { ...shortServerInfo, title: sandbox ? 'Synqly (sandbox: invented data)' : 'Synqly' };
}
