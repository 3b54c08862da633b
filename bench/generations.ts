/** The two generations of the protocol: 2025-11-25 opens with `initialize`, 2026-07-28 sends its envelope each time. */
export type Generation = keyof typeof generations;

const modernRevision = '2026-07-28';
const clientInfo = { name: 'bench', version: '1.0.0' };

const _meta = {
  'io.modelcontextprotocol/protocolVersion': modernRevision,
  'io.modelcontextprotocol/clientInfo': clientInfo,
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** A read that takes one request to the API. */
const call = { name: 'accounts_get', arguments: { account_id: 'acme' } };

const message = <Method extends string>(method: Method, params?: object) => ({
  jsonrpc: '2.0',
  method,
  ...(params && { params }),
});

export const generations = {
  '2025': {
    revision: '2025-11-25',
    opening: message('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }),
    afterOpening: [message('notifications/initialized')],
    list: message('tools/list'),
    call: message('tools/call', call),
    headersOf: (): Record<string, string> => ({}),
  },
  '2026': {
    revision: modernRevision,
    opening: message('server/discover', { _meta }),
    afterOpening: [],
    list: message('tools/list', { _meta }),
    call: message('tools/call', { ...call, _meta }),
    headersOf: ({ method }: { readonly method: string }): Record<string, string> => ({
      'mcp-protocol-version': modernRevision,
      'mcp-method': method,
      ...(method === 'tools/call' && { 'mcp-name': call.name }),
    }),
  },
} as const;
