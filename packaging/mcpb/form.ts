import type { SettingDefinition } from '../../src/config/define-setting.ts';
import { settings } from '../../src/config/settings.ts';

/** A field of the form in which a person fills in the settings of the bundle (`user_config` of the manifest). */
export interface FormField {
  readonly type: 'string' | 'boolean' | 'directory';
  readonly title: string;
  readonly description: string;
  readonly required: boolean;
  readonly default?: string | boolean;
  readonly sensitive?: boolean;
}

/** A field with the variable that takes its value. */
export interface FormVariable {
  readonly variable: string;
  readonly key: string;
  readonly choices: readonly string[];
  readonly field: FormField;
}

interface FormEntry extends Partial<Omit<FormField, 'description'>> {
  readonly title: string;
  /** In place of the help text of the setting. */
  readonly description?: string;
}

/** The settings that the form asks for; everything else keeps its default. */
const entries: Partial<Record<keyof typeof settings, FormEntry>> = {
  token: {
    title: 'Synqly token',
    description: `${settings.token.help} Not needed with the sandbox.`,
    sensitive: true,
  },
  region: { title: 'Region', default: settings.region.fallback },
  readOnly: { title: 'Read only', type: 'boolean', default: true },
  account: { title: 'Only this account' },
  surface: { title: 'Surface', default: settings.surface.fallback },
  secretDir: {
    title: 'Folder for secrets',
    description:
      'Files of this folder may be used as credentials without a model reading them, and secrets from responses are written to it.',
    type: 'directory',
  },
  sandbox: { title: 'Sandbox', type: 'boolean', default: settings.sandbox.fallback },
};

/** SYNQLY_READ_ONLY is `read_only` in the form. */
const keyOf = (variable: string) => variable.replace(/^SYNQLY_/, '').toLowerCase();

function variableOf(name: keyof typeof settings, { title, description, ...rest }: FormEntry): FormVariable {
  const {
    help,
    placeholder,
    env,
  }: Pick<SettingDefinition<unknown>, 'help' | 'placeholder' | 'env'> = settings[name];
  const choices = placeholder?.includes('|') ? placeholder.split('|') : [];
  const suffix = choices.length > 0 ? ` One of: ${choices.join(', ')}.` : '';
  // The sandbox needs no token, and an application asks for required fields before it starts anything.
  const common = { title, description: `${description ?? help}${suffix}`, required: false };
  return {
    variable: String(env),
    key: keyOf(String(env)),
    choices,
    field: { type: 'string', ...common, ...rest },
  };
}

/** The fields in the order of the form. */
export const formVariables: readonly FormVariable[] = Object.entries(entries).map(([name, entry]) =>
  variableOf(name as keyof typeof settings, entry),
);

/** `user_config` of the manifest. */
export const formFields: Readonly<Record<string, FormField>> = Object.fromEntries(
  formVariables.map(({ key, field }) => [key, field]),
);

/** The environment of the server: each variable takes the value of its field. */
export const formEnvironment: Readonly<Record<string, string>> = Object.fromEntries(
  formVariables.map(({ variable, key }) => [variable, `\${user_config.${key}}`]),
);
