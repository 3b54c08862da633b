import { readFileSync, writeFileSync } from 'node:fs';

/*
 * Writes lint/import-order.json, the lint rules that hold the order of imports: a room of src/ imports rooms of lower
 * lines only. `--check` fails when the file is not up to date.
 */
const order = [
  ['cli'],
  ['app'],
  ['transports'],
  ['server.ts'],
  ['protocol'],
  ['surfaces', 'resources'],
  ['skills'],
  ['pipeline'],
  ['auth', 'request-context.ts', 'mcp-client.ts'],
  ['access', 'secrets'],
  ['synqly', 'tools', 'observability'],
  ['config', 'errors.ts'],
  ['lib', 'version.ts'],
];

/** A request context holds the client that the request came from. */
const allowed = { 'request-context.ts': ['mcp-client.ts'] };
/** The rooms that may use the MCP SDK. */
const protocolRooms = ['transports', 'server.ts', 'protocol'];
/** Rooms that the sandbox may not import: it is written from the API's documents, apart from the server. */
const hiddenFromSandbox = order.slice(0, -2).flat();

const sdk = {
  group: ['@modelcontextprotocol/sdk', '@modelcontextprotocol/sdk/**'],
  message: 'Import the MCP SDK only in src/server.ts, src/protocol/ and src/transports/.',
};
const message = `Imports run downwards: ${order.map((line) => line.join(' and ')).join(', ')}.`;

const rooms = order.flatMap((line, rank) => line.map((room) => ({ room, rank })));
const importOf = (room) => (room.endsWith('.ts') ? `**/${room}` : `**/${room}/**`);

function rule(room, patterns) {
  const includes = [room.endsWith('.ts') ? `src/${room}` : `src/${room}/**`];
  const noRestrictedImports = { level: 'error', options: { patterns } };
  return { includes, linter: { rules: { style: { noRestrictedImports } } } };
}

const rules = rooms
  .filter(({ room }) => room !== 'version.ts')
  .map(({ room, rank }) => {
    const isForbidden = (other) =>
      other.room !== room && other.rank <= rank && !allowed[room]?.includes(other.room);
    const forbidden = rooms.filter(isForbidden).map((other) => importOf(other.room));
    const sandbox = room === 'cli' || room === 'app' ? [] : [importOf('sandbox')];
    const group = [...forbidden, ...sandbox];
    const patterns = protocolRooms.includes(room) ? [] : [sdk];
    return rule(room, group.length === 0 ? patterns : [...patterns, { group, message }]);
  });
const sandbox = rule('sandbox', [
  sdk,
  { group: hiddenFromSandbox.map(importOf), message: 'The sandbox imports src/lib/ and src/errors.ts only.' },
]);

const file = new URL('../lint/import-order.json', import.meta.url);
const schema = '../node_modules/@biomejs/biome/configuration_schema.json';
const text = `${JSON.stringify({ $schema: schema, overrides: [...rules, sandbox] })}\n`;
if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error('lint/import-order.json is not up to date: run node scripts/import-order.mjs.');
  process.exitCode = 1;
}
