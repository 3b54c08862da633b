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

function fieldOf(name: keyof typeof settings, { title, description, ...rest }: FormEntry): FormField {
  const { help, placeholder }: Pick<SettingDefinition<unknown>, 'help' | 'placeholder'> = settings[name];
  const choices = placeholder?.includes('|') ? ` One of: ${placeholder.replaceAll('|', ', ')}.` : '';
  // The sandbox needs no token, and a host asks for required fields before it starts anything.
  return { type: 'string', title, description: `${description ?? help}${choices}`, required: false, ...rest };
}

const named = Object.entries(entries).map(([name, entry]) => {
  const setting = name as keyof typeof settings;
  const variable = settings[setting].env ?? '';
  return { variable, key: keyOf(variable), field: fieldOf(setting, entry) };
});

/** `user_config` of the manifest. */
export const formFields: Readonly<Record<string, FormField>> = Object.fromEntries(
  named.map(({ key, field }) => [key, field]),
);

/** The environment of the server: each variable takes the value of its field. */
export const formEnvironment: Readonly<Record<string, string>> = Object.fromEntries(
  named.map(({ variable, key }) => [variable, `\${user_config.${key}}`]),
);
