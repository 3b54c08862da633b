import { serve } from '../app/serve.ts';
import { warn } from '../app/startup-errors.ts';
import { loadConfig } from '../config/load-config.ts';

/** Flags of the command line, by the names of their settings. */
export type Flags = Record<string, string | boolean>;

/** Serves until the client disconnects or a signal arrives, then ends the process. @throws ConfigError */
export async function startServer(flags: Flags): Promise<void> {
  await serve(loadConfig(flags, process.env, { warn }));
  // Keep-alive connections and the sandbox would keep the process running.
  process.exit(0);
}
