import { homedir, join } from '../lib/node-builtins.ts';

/**
 * The directory for what this program keeps between runs (XDG Base Directory Specification).
 *
 * @throws Error for a user without a home
 */
export function stateDirectory(environment: NodeJS.ProcessEnv): string {
  return join(environment.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'synqly-mcp');
}
