import { defineSetting, type Mode } from './define-setting.ts';
import { httpSettings } from './http-settings.ts';
import {
  parseBoolean,
  parseChoice,
  parseNamePatterns,
  parseNumber,
  parsePath,
  parsePatterns,
  parseWhole,
} from './parsers.ts';
import { parseBaseUrl } from './url-parsers.ts';

/** Where Synqly serves organizations. */
export const regions = { us: 'https://api.synqly.com', eu: 'https://api-eu.synqly.com' } as const;
const transports = ['stdio', 'http'] as const;
const confirmLevels = ['destroy', 'change', 'never'] as const;

export const surfaces = ['full', 'compact'] as const;
const permissionKinds = ['learn', 'ignore'] as const;

/** How operations are shown: a tool each, or a few tools that find and run them. */
export type SurfaceKind = (typeof surfaces)[number];

/** Which calls must be confirmed. */
export type ConfirmLevel = (typeof confirmLevels)[number];
const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const;

/** A call ends within this many milliseconds: several clients give up at 60 s. */
export const maxTimeoutMs = 55_000;

const server: readonly Mode[] = ['stdio', 'http'];

/** What narrows the tools: a client of another server may ask for it too. */
const selection: readonly Mode[] = [...server, 'connect', 'tools'];

/** Every setting: its flag, its environment variable, its default. The README's table is made from it. */
export const settings = {
  token: defineSetting<string | undefined>({
    env: 'SYNQLY_TOKEN',
    fallback: undefined,
    help: 'Organization or ad hoc token that calls the Management API.',
    modes: [...server, 'token'],
    parse: (text) => text,
  }),
  mcpToken: defineSetting<string | undefined>({
    env: 'SYNQLY_MCP_TOKEN',
    fallback: undefined,
    help: 'Read when SYNQLY_TOKEN is not set.',
    modes: ['stdio', 'connect'],
    parse: (text) => text,
  }),
  tokenFile: defineSetting<string | undefined>({
    env: 'SYNQLY_TOKEN_FILE',
    fallback: undefined,
    help: 'File that holds the token; read again when it changes or Synqly answers 401.',
    modes: [...server, 'token'],
    parse: parsePath,
  }),
  sandbox: defineSetting<boolean>({
    flag: 'sandbox',
    env: 'SYNQLY_SANDBOX',
    fallback: false,
    help: 'Serve an invented organization from inside the process; needs no token.',
    modes: server,
    parse: parseBoolean,
  }),
  baseUrl: defineSetting<URL | undefined>({
    flag: 'base-url',
    placeholder: 'url',
    env: 'SYNQLY_BASE_URL',
    fallback: undefined,
    fallbackText: 'by region',
    help: 'Address of a self-hosted Synqly, path prefix included. https, or http to loopback.',
    modes: [...server, 'token'],
    parse: parseBaseUrl,
  }),
  region: defineSetting<keyof typeof regions>({
    flag: 'region',
    placeholder: 'us|eu',
    env: 'SYNQLY_REGION',
    fallback: 'us',
    help: 'Where the organization was set up: api.synqly.com or api-eu.synqly.com.',
    modes: [...server, 'token'],
    parse: (text) => parseChoice(text, Object.keys(regions) as (keyof typeof regions)[]),
  }),
  timeout: defineSetting<number>({
    flag: 'timeout',
    placeholder: 'seconds',
    env: 'SYNQLY_TIMEOUT',
    fallback: 30_000,
    fallbackText: '30',
    help: 'Deadline of a call, retries included; at most 55.',
    modes: server,
    parse: (text) => parseNumber(text, 0.1, maxTimeoutMs / 1000) * 1000,
  }),
  maxResponseBytes: defineSetting<number>({
    flag: 'max-response-bytes',
    placeholder: 'n',
    env: 'SYNQLY_MAX_RESPONSE_BYTES',
    fallback: 16 * 1024 * 1024,
    help: 'Answers of Synqly above this size are refused.',
    modes: server,
    parse: (text) => parseWhole(text, 1024, 1024 ** 3),
  }),
  maxResultTokens: defineSetting<number>({
    flag: 'max-result-tokens',
    placeholder: 'n',
    env: 'SYNQLY_MAX_RESULT_TOKENS',
    fallback: 10_000,
    help: 'What a result may cost a model, about; longer ones are cut and say how to get the rest.',
    modes: server,
    parse: (text) => parseWhole(text, 1000, 1_000_000),
  }),
  account: defineSetting<string | undefined>({
    flag: 'account',
    repeated: 'narrows',
    placeholder: 'id',
    env: 'SYNQLY_ACCOUNT',
    fallback: undefined,
    help: 'Pin: the one account, by id or name, that tools reach.',
    modes: selection,
    parse: (text) => {
      if (text.trim() === '') throw new Error('must name an account');
      return text.trim();
    },
  }),
  environment: defineSetting<'test' | 'prod' | undefined>({
    flag: 'environment',
    repeated: 'narrows',
    placeholder: 'test|prod',
    env: 'SYNQLY_ENVIRONMENT',
    fallback: undefined,
    help: 'Pin: the one environment whose accounts tools reach.',
    modes: selection,
    parse: (text) => parseChoice(text, ['test', 'prod'] as const),
  }),
  toolsets: defineSetting<readonly string[]>({
    flag: 'toolsets',
    repeated: 'added',
    placeholder: 'names',
    env: 'SYNQLY_TOOLSETS',
    fallback: [],
    fallbackText: 'all',
    help: 'Serve these toolsets only, by commas: API groups, or observe, onboard, admin.',
    modes: selection,
    parse: parseNamePatterns,
  }),
  allow: defineSetting<readonly string[]>({
    flag: 'allow',
    repeated: 'added',
    placeholder: 'tools',
    env: 'SYNQLY_ALLOW',
    fallback: [],
    help: 'Serve these tools too, or only these without --toolsets; * stands for any characters.',
    modes: selection,
    parse: parseNamePatterns,
  }),
  deny: defineSetting<readonly string[]>({
    flag: 'deny',
    repeated: 'added',
    placeholder: 'tools',
    env: 'SYNQLY_DENY',
    fallback: [],
    help: 'Do not serve these tools, whatever else is said; * stands for any characters.',
    modes: selection,
    parse: parseNamePatterns,
  }),
  surface: defineSetting<SurfaceKind>({
    flag: 'surface',
    placeholder: surfaces.join('|'),
    env: 'SYNQLY_SURFACE',
    fallback: 'full',
    help: 'A tool for each operation, or a few tools that find and run them.',
    modes: selection,
    parse: (text) => parseChoice(text, surfaces),
  }),
  permissions: defineSetting<(typeof permissionKinds)[number]>({
    flag: 'permissions',
    placeholder: permissionKinds.join('|'),
    env: 'SYNQLY_PERMISSIONS',
    fallback: 'learn',
    help: 'Ask Synqly what the token may do and show no more tools than that, or show all.',
    modes: server,
    parse: (text) => parseChoice(text, permissionKinds),
  }),
  readOnly: defineSetting<boolean>({
    flag: 'read-only',
    env: 'SYNQLY_READ_ONLY',
    fallback: false,
    help: 'Serve only what reads; whatever writes is missing, and refused when called by name.',
    modes: selection,
    parse: parseBoolean,
  }),
  confirm: defineSetting<ConfirmLevel>({
    flag: 'confirm',
    placeholder: confirmLevels.join('|'),
    env: 'SYNQLY_CONFIRM',
    fallback: 'destroy',
    help: 'What must be confirmed before it is sent: destroys; changes and destroys; nothing.',
    modes: [...server, 'tools'],
    parse: (text) => parseChoice(text, confirmLevels),
  }),
  confirmWithin: defineSetting<number>({
    flag: 'confirm-within',
    placeholder: 'seconds',
    env: 'SYNQLY_CONFIRM_WITHIN',
    fallback: 300_000,
    fallbackText: '300',
    help: 'Time to confirm a call; at most 3600.',
    modes: server,
    parse: (text) => parseNumber(text, 0.1, 3600) * 1000,
  }),
  auditLog: defineSetting<string | undefined>({
    flag: 'audit-log',
    placeholder: 'file',
    env: 'SYNQLY_AUDIT_LOG',
    fallback: undefined,
    fallbackText: 'stderr',
    help: 'File for JSON lines about every call that is not a read; while it cannot be written, such calls are refused.',
    modes: server,
    parse: parsePath,
  }),
  revealSecrets: defineSetting<boolean>({
    flag: 'reveal-secrets',
    env: 'SYNQLY_REVEAL_SECRETS',
    fallback: false,
    help: 'Put secrets of answers into results, where a model reads them.',
    modes: server,
    parse: parseBoolean,
  }),
  secretEnv: defineSetting<readonly string[]>({
    flag: 'secret-env',
    repeated: 'added',
    placeholder: 'patterns',
    env: 'SYNQLY_SECRET_ENV',
    fallback: ['SYNQLY_SECRET_*'],
    fallbackText: 'SYNQLY_SECRET_*; none over HTTP',
    help: 'Variables that ${env:NAME} in a secret argument may name, by commas.',
    modes: server,
    parse: parsePatterns,
  }),
  secretDir: defineSetting<string | undefined>({
    flag: 'secret-dir',
    placeholder: 'directory',
    env: 'SYNQLY_SECRET_DIR',
    fallback: undefined,
    help: 'stdio: files that ${file:PATH} may name, and where secrets of answers are written.',
    modes: ['stdio'],
    parse: parsePath,
  }),
  transport: defineSetting<(typeof transports)[number]>({
    flag: 'transport',
    placeholder: 'stdio|http',
    env: 'SYNQLY_TRANSPORT',
    fallback: 'stdio',
    help: 'Serve one client over stdin and stdout, or many over HTTP, each with its own token.',
    modes: server,
    parse: (text) => parseChoice(text, transports),
  }),
  ...httpSettings,
  logLevel: defineSetting<(typeof logLevels)[number]>({
    flag: 'log-level',
    placeholder: logLevels.join('|'),
    env: 'SYNQLY_LOG_LEVEL',
    fallback: 'info',
    help: 'What is logged, on stderr.',
    modes: [...server, 'connect'],
    parse: (text) => parseChoice(text, logLevels),
  }),
};
