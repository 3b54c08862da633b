import type { RequestContext } from '../request-context.ts';
import { version } from '../version.ts';
import { metaKeys } from './envelope.ts';
import { iconUri } from './icon.ts';

/** The name and version of this server, where what clients show of it would be repeated with every result. */
export const shortServerInfo = { name: 'synqly-mcp', version };

/** `_meta` of each result of the second generation. */
export const resultMeta = { [metaKeys.serverInfo]: shortServerInfo };

const shown = {
  ...shortServerInfo,
  description:
    'Administers a Synqly organization: its accounts, integrations, credentials, members and tokens, through the Management API.',
  websiteUrl: 'https://synqly.com',
  icons: [{ src: iconUri, mimeType: 'image/png', sizes: ['48x48'] }],
};

/** What clients show of this server. */
export function serverInfo({ sandbox }: Pick<RequestContext, 'sandbox'>) {
  return { ...shown, title: sandbox ? 'Synqly (sandbox: invented data)' : 'Synqly' };
}
