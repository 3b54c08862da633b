import type { Command } from 'commander';
import { settings } from '../config/settings.ts';
import { print } from './print.ts';
import { addSettings } from './setting-options.ts';

/** Adds the commands that create, list and revoke MCP tokens. */
export function addTokenCommand(program: Command): void {
  const token = program
    .command('token')
    .allowExcessArguments(false)
    .description('Manage MCP tokens, with which clients authenticate to a server over HTTP.');
  const shared = (command: Command) =>
    addSettings(command, [settings.baseUrl, settings.region, settings.tokenStore]);
  const commands = () => import('./manage-tokens.ts');
  shared(token.command('create'))
    .description('Create a token. It is printed once; only its hash is stored.')
    .option('--account <id>', 'the token reaches this account')
    .option('--environment <test|prod>', 'the token reaches the accounts of this environment')
    .option('--organization', 'the token reaches the whole organization')
    .option('--ttl <duration>', 'lifetime, such as 30m or 8h; at most 24h', '1h')
    .option('--label <text>', 'who the token is for', '')
    .option('--json', 'print one line of JSON')
    .action(async (flags) => (await commands()).createToken(flags, print));
  shared(token.command('list'))
    .description('List the unexpired tokens.')
    .option('--json', 'print one line of JSON for each')
    .action(async (flags) => (await commands()).listTokens(flags, print));
  shared(token.command('revoke <fingerprint>'))
    .description('Revoke the token with this fingerprint, as shown by token list.')
    .action(async (fingerprint, flags) => (await commands()).revokeToken(fingerprint, flags, print));
}
