import { type Command, Option } from 'commander';
import type { SettingDefinition } from '../config/define-setting.ts';
import { ConfigError, readFlag } from '../config/load-config.ts';

/**
 * Adds the flags of these settings to a command.
 *
 * @param hidden whether to hide them in the help
 */
export function addSettings(
  command: Command,
  chosen: readonly Readonly<SettingFlag>[],
  { hidden = false }: { readonly hidden?: boolean } = {},
): Command {
  for (const { flag, placeholder, help, repeated } of chosen) {
    if (flag === undefined) continue;
    const option = new Option(placeholder ? `--${flag} <${placeholder}>` : `--${flag}`, help);
    if (repeated)
      option.argParser((text, before?: string) => joinRepeated(`--${flag}`, repeated, text, before));
    command.addOption(hidden ? option.hideHelp() : option);
  }
  return command;
}

/** Joins the values of a repeated flag. @throws ConfigError for two values of a restriction */
function joinRepeated(
  name: string,
  repeated: 'added' | 'single',
  text: string,
  before: string | undefined,
): string {
  if (before === undefined || before === text) return text;
  if (repeated === 'single')
    throw new ConfigError(`${name} is given twice with different values: give it once.`);
  return [before, text].map((one) => readFlag(name, one)).join(',');
}

type SettingFlag = Pick<SettingDefinition<never>, 'flag' | 'placeholder' | 'help' | 'repeated'>;
