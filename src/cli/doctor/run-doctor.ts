import { ConfigError } from '../../config/load-config.ts';
import { maskFor } from '../../lib/mask.ts';
import { version } from '../../version.ts';
import { showsColors } from '../print.ts';
import { type Check, failed, passed, skipped } from './check.ts';
import { checkClients } from './clients.ts';
import { createProgress, type ShowProgress } from './progress.ts';
import { formatCheck, formatSummary } from './report.ts';
import { checkSettings, type SettingsReport } from './settings.ts';
import { checkStores } from './stores.ts';
import { type ApiFindings, checkApi } from './synqly.ts';
import { checkTools } from './tools.ts';

/** Flags of the command, and settings by name. */
interface DoctorFlags extends Readonly<Record<string, string | boolean | undefined>> {
  readonly json?: true;
  readonly tryRegions?: true;
}

/** Exit status when there is something to do. */
const problemStatus = 1;

/**
 * Checks this installation and prints what it finds, one line for each check.
 *
 * @returns the exit status
 * @throws ConfigError for an invalid flag
 */
export async function runDoctor(
  { json, tryRegions, ...flags }: DoctorFlags,
  print: (text: string) => void,
): Promise<number> {
  const secrets = new Set<string>();
  const findings: ApiFindings = { addSecret: (secret) => secrets.add(secret), permissions: 'unavailable' };
  const showProgress = createProgress(process.stderr);
  const checks: Check[] = [];
  const hasColors = showsColors();
  const settings = checkSettings(flags as Record<string, string | boolean>, process.env);
  if (!json) print(`synqly-mcp ${version}\n`);
  for await (const check of allChecks(settings, {
    tryRegions: tryRegions === true,
    showProgress,
    findings,
  })) {
    const hidden = hideSecrets(check, secrets);
    checks.push(hidden);
    if (!json) print(formatCheck(hidden, hasColors));
  }
  const problems = checks.filter(({ status }) => status === 'problem').length;
  print(json ? JSON.stringify({ ok: problems === 0, version, checks }) : formatSummary(problems));
  return problems === 0 ? 0 : problemStatus;
}

/** What Synqly says is quoted, and could hold what was sent to it. */
function hideSecrets(check: Check, secrets: ReadonlySet<string>): Check {
  const mask = maskFor(secrets);
  if (!mask) return check;
  return JSON.parse(JSON.stringify(check), (_, value) => (typeof value === 'string' ? mask(value) : value));
}

interface CheckOptions {
  readonly tryRegions: boolean;
  readonly showProgress: ShowProgress;
  readonly findings: ApiFindings;
}

async function* allChecks({ config, checks }: SettingsReport, options: CheckOptions): AsyncGenerator<Check> {
  const { showProgress, findings } = options;
  yield passed('node', `${process.versions.node} on ${process.platform} ${process.arch}`);
  yield* checks;
  if (config === undefined) {
    yield skipped('all others', 'not checked: see settings');
    return;
  }
  yield* checkApi({ ...options, config });
  if (config.transport.value === 'http') yield await checkHosts(config);
  yield* checkStores(config, showProgress);
  const { permissions } = findings;
  yield* checkClients(showProgress, findings.addSecret);
  yield await checkTools(config, typeof permissions === 'string' ? undefined : permissions, showProgress);
}

async function checkHosts(config: Parameters<typeof checkTools>[0]): Promise<Check> {
  const { allowedHosts } = await import('../../app/serve-http.ts');
  try {
    return passed('hosts', allowedHosts(config).join(', '));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return failed('hosts', error.message, 'See docs/http.md.');
  }
}
