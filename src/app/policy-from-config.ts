import type { Pins } from '../access/pins.ts';
import type { Policy } from '../access/policy.ts';
import type { Config } from '../config/load-config.ts';
import type { Log } from '../observability/logger.ts';

/** The pins in the settings; undefined if there are none. */
export function pinsOf(config: Pick<Config, 'account' | 'environment'>): Pins | undefined {
  const [account, environment] = [config.account.value, config.environment.value];
  return account === undefined && environment === undefined ? undefined : { account, environment };
}

/** The policy in the settings. */
export function policyOf(
  config: Pick<Config, 'readOnly' | 'confirm' | 'toolsets' | 'allow' | 'deny'>,
): Policy {
  const { readOnly, confirm, toolsets, allow, deny } = config;
  const toolsetFilter = { toolsets: toolsets.value, allow: allow.value, deny: deny.value };
  return { readOnly: readOnly.value, confirm: confirm.value, toolsetFilter };
}

/** Logs a warning at start when results show secrets. */
export function warnIfRevealing({ revealSecrets }: Pick<Config, 'revealSecrets'>, log: Log): void {
  if (revealSecrets.value) log.warn({}, 'results show secrets from responses (--reveal-secrets)');
}
