import { settings } from '../src/config/settings.ts';
import { catalogue, groupTitles } from '../src/tools/catalogue.ts';
import type { Operation } from '../src/tools/define-operation.ts';

/** The parts of the README that are made from the code, by the name of their markers. */
export const readmeParts: Readonly<Record<string, () => string>> = {
  tools: toolTable,
  configuration: configurationTable,
};

/** The README with its made parts brought up to date. @throws Error when a marker is missing */
export function updateReadme(readme: string): string {
  return Object.entries(readmeParts).reduce((text, [name, make]) => {
    const part = new RegExp(`(<!-- ${name}:start -->\\n)[\\s\\S]*?(<!-- ${name}:end -->)`);
    if (!part.test(text)) throw new Error(`README.md has no markers for "${name}".`);
    return text.replace(part, (_, start: string, end: string) => `${start}${make()}\n${end}`);
  }, readme);
}

function toolTable(): string {
  const rows = [...new Set(catalogue.map(({ group }) => group))].map((group) => {
    const operations = catalogue.filter((operation) => operation.group === group);
    const [prefix] = operations[0]?.id.split('_') ?? [];
    return `| ${groupTitles[group]} | \`${prefix}_\` | ${operations.map(describe).join(' · ')} |`;
  });
  return ['| Group | Prefix | Tools |', '| --- | --- | --- |', ...rows].join('\n');
}

/** Deletes and their like stand out: they cannot be taken back. */
function describe({ id, effect }: Operation): string {
  const short = id.slice(id.indexOf('_') + 1);
  if (effect === 'destroy') return `**${short}**`;
  return effect === 'read' ? short : `*${short}*`;
}

function configurationTable(): string {
  const rows = Object.values(settings).map((setting) => {
    const { env, fallback, help } = setting;
    const flag = 'flag' in setting ? `\`--${setting.flag}\`` : '';
    const shown = 'fallbackText' in setting ? setting.fallbackText : fallback;
    return `| ${env ? `\`${env}\`` : ''} | ${flag} | ${shown === undefined ? '' : `\`${shown}\``} | ${help.replaceAll('|', '\\|')} |`;
  });
  return ['| Environment | Flag | Default | |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
