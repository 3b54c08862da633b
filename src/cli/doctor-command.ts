import type { Command } from 'commander';
import { settings } from '../config/settings.ts';
import { print } from './print.ts';
import { addSettings } from './setting-options.ts';

/** Adds the command that checks an installation. */
export function addDoctorCommand(program: Command): void {
  const doctor = program
    .command('doctor')
    .allowExcessArguments(false)
    .description('Check settings, network, token, stores and tools, and say what to do. It changes nothing.')
    .option('--try-regions', 'if Synqly refuses the token, send it to the other region too')
    .option('--json', 'print one line of JSON')
    .addHelpText('after', '\nIt takes the flags of the server too: see synqly-mcp --help.');
  addSettings(doctor, Object.values(settings), { hidden: true });
  doctor.action(async (_, command: Command) => {
    const { runDoctor } = await import('./doctor/run-doctor.ts');
    // Keep-alive connections and the sandbox would keep the process running.
    process.exit(await runDoctor(command.optsWithGlobals(), print));
  });
}
