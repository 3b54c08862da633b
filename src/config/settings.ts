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
import { parseStateKeys } from './state-keys.ts';
import { assertNoPassword, parseSharedStore } from './store-parser.ts';
import { parseBaseUrl } from './url-parsers.ts';

/** Synqly's regions. */
export const regions = { us: 'https://api.synqly.com', eu: 'https://api-eu.synqly.com' } as const;
const transports = ['stdio', 'http'] as const;
const confirmLevels = ['destroy', 'change', 'never'] as const;

export const surfaces = ['full', 'compact'] as const;
const permissionKinds = ['learn', 'ignore'] as const;
const switchPositions = ['on', 'off'] as const;

/** How operations are presented: one tool each, or a few tools that find and run them. */
export type SurfaceKind = (typeof surfaces)[number];

/** Which calls need confirmation. */
export type ConfirmLevel = (typeof confirmLevels)[number];
const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const;

/** Longest timeout of a call: several clients give up at 60 s. */
export const maxTimeoutMs = 55_000;

const server: readonly Mode[] = ['stdio', 'http'];

/** Settings that select tools: a client of another server may send them too. */
const selection: readonly Mode[] = [...server, 'connect', 'tools'];

/** All settings: flag, environment variable, default. docs/configuration.md is generated from them. */
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
    help: 'MCP token for connect; over stdio used when SYNQLY_TOKEN is not set.',
    modes: ['stdio', 'connect'],
    parse: (text) => text,
  }),
  tokenFile: defineSetting<string | undefined>({
    env: 'SYNQLY_TOKEN_FILE',
    fallback: undefined,
    help: 'File with the token; read again when it changes or Synqly answers 401.',
    modes: [...server, 'token'],
    parse: parsePath,
  }),
  sandbox: defineSetting<boolean>({
    flag: 'sandbox',
    env: 'SYNQLY_SANDBOX',
    fallback: false,
    help: 'Use a built-in sandbox with sample data in place of Synqly; needs no token.',
    modes: server,
    parse: parseBoolean,
  }),
  baseUrl: defineSetting<URL | undefined>({
    flag: 'base-url',
    placeholder: 'url',
    env: 'SYNQLY_BASE_URL',
    fallback: undefined,
    fallbackText: 'by region',
    help: 'URL of a self-hosted Synqly, with its path prefix: https, or http to loopback.',
    modes: [...server, 'token'],
    parse: parseBaseUrl,
  }),
  region: defineSetting<keyof typeof regions>({
    flag: 'region',
    placeholder: 'us|eu',
    env: 'SYNQLY_REGION',
    fallback: 'us',
    help: 'Region of the organization: api.synqly.com or api-eu.synqly.com.',
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
    help: 'Maximum size of a response from Synqly.',
    modes: server,
    parse: (text) => parseWhole(text, 1024, 1024 ** 3),
  }),
  maxResultTokens: defineSetting<number>({
    flag: 'max-result-tokens',
    placeholder: 'n',
    env: 'SYNQLY_MAX_RESULT_TOKENS',
    fallback: 10_000,
    help: 'Approximate size of a result in tokens; longer ones are cut and say how to get the rest.',
    modes: server,
    parse: (text) => parseWhole(text, 1000, 1_000_000),
  }),
  account: defineSetting<string | undefined>({
    flag: 'account',
    repeated: 'single',
    placeholder: 'id',
    env: 'SYNQLY_ACCOUNT',
    fallback: undefined,
    help: 'Pin: tools reach only this account (id or name).',
    modes: selection,
    parse: (text) => {
      if (text.trim() === '') throw new Error('must name an account');
      return text.trim();
    },
  }),
  environment: defineSetting<'test' | 'prod' | undefined>({
    flag: 'environment',
    repeated: 'single',
    placeholder: 'test|prod',
    env: 'SYNQLY_ENVIRONMENT',
    fallback: undefined,
    help: 'Pin: tools reach only accounts of this environment.',
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
    help: 'Only these toolsets, comma-separated: API groups, or observe, onboard, admin.',
    modes: selection,
    parse: parseNamePatterns,
  }),
  allow: defineSetting<readonly string[]>({
    flag: 'allow',
    repeated: 'added',
    placeholder: 'tools',
    env: 'SYNQLY_ALLOW',
    fallback: [],
    help: 'Also these tools, or only these without --toolsets; * matches any characters.',
    modes: selection,
    parse: parseNamePatterns,
  }),
  deny: defineSetting<readonly string[]>({
    flag: 'deny',
    repeated: 'added',
    placeholder: 'tools',
    env: 'SYNQLY_DENY',
    fallback: [],
    help: 'Never these tools; overrides --toolsets and --allow; * matches any characters.',
    modes: selection,
    parse: parseNamePatterns,
  }),
  surface: defineSetting<SurfaceKind>({
    flag: 'surface',
    placeholder: surfaces.join('|'),
    env: 'SYNQLY_SURFACE',
    fallback: 'full',
    help: 'One tool for each operation, or a few tools that find and run operations.',
    modes: selection,
    parse: (text) => parseChoice(text, surfaces),
  }),
  toolMeta: defineSetting<(typeof switchPositions)[number]>({
    flag: 'tool-meta',
    placeholder: switchPositions.join('|'),
    env: 'SYNQLY_TOOL_META',
    fallback: 'on',
    help: 'off: send no _meta for Claude Code, by which it asks the person before confirm_call (and denies it where nobody can answer) and loads some tools at the start.',
    modes: [...server, 'tools'],
    parse: (text) => parseChoice(text, switchPositions),
  }),
  permissions: defineSetting<(typeof permissionKinds)[number]>({
    flag: 'permissions',
    placeholder: permissionKinds.join('|'),
    env: 'SYNQLY_PERMISSIONS',
    fallback: 'learn',
    help: "learn: read the token's permissions and hide tools it may not use; ignore: show all tools.",
    modes: server,
    parse: (text) => parseChoice(text, permissionKinds),
  }),
  readOnly: defineSetting<boolean>({
    flag: 'read-only',
    env: 'SYNQLY_READ_ONLY',
    fallback: false,
    help: 'Only operations that read; writes are hidden, and refused when called by name.',
    modes: selection,
    parse: parseBoolean,
  }),
  confirm: defineSetting<ConfirmLevel>({
    flag: 'confirm',
    placeholder: confirmLevels.join('|'),
    env: 'SYNQLY_CONFIRM',
    fallback: 'destroy',
    help: 'Operations that need confirmation: those that destroy; those that change or destroy; none.',
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
  stateKey: defineSetting<readonly Buffer[] | undefined>({
    env: 'SYNQLY_STATE_KEY',
    fallback: undefined,
    fallbackText: 'random',
    help: 'The key of --state-key-file itself, in place of the file.',
    modes: server,
    parse: parseStateKeys,
  }),
  stateKeyFile: defineSetting<string | undefined>({
    flag: 'state-key-file',
    placeholder: 'file',
    env: 'SYNQLY_STATE_KEY_FILE',
    fallback: undefined,
    help: 'File with the key that encrypts the state which a client keeps between a question and its answer: 32 bytes in base64 or hexadecimal.',
    modes: server,
    parse: parsePath,
  }),
  stateStore: defineSetting<string | undefined>({
    flag: 'state-store',
    placeholder: 'where',
    env: 'SYNQLY_STATE_STORE',
    fallback: undefined,
    fallbackText: 'memory',
    help: 'Store of used answers, for servers that share a state key: a directory, or redis://... for several machines.',
    modes: server,
    parse: parseSharedStore,
    checkFlag: assertNoPassword('SYNQLY_STATE_STORE'),
  }),
  auditLog: defineSetting<string | undefined>({
    flag: 'audit-log',
    placeholder: 'file',
    env: 'SYNQLY_AUDIT_LOG',
    fallback: undefined,
    fallbackText: 'stderr',
    help: 'File for the audit log: JSON lines about every call that is not a read. Such calls are refused while it cannot be written.',
    modes: server,
    parse: parsePath,
  }),
  revealSecrets: defineSetting<boolean>({
    flag: 'reveal-secrets',
    env: 'SYNQLY_REVEAL_SECRETS',
    fallback: false,
    help: 'Show secrets from responses in results, where a model reads them.',
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
    help: 'Variables that ${env:NAME} references may use, comma-separated.',
    modes: server,
    parse: parsePatterns,
  }),
  secretDir: defineSetting<string | undefined>({
    flag: 'secret-dir',
    placeholder: 'directory',
    env: 'SYNQLY_SECRET_DIR',
    fallback: undefined,
    help: 'stdio: directory of files that ${file:PATH} references may use, and to which secrets from responses and generated secrets are written.',
    modes: ['stdio'],
    parse: parsePath,
  }),
  outputDir: defineSetting<string | undefined>({
    flag: 'output-dir',
    placeholder: 'directory',
    env: 'SYNQLY_OUTPUT_DIR',
    fallback: undefined,
    help: 'stdio: existing directory to which lists and workflows are written as CSV or JSON files (argument save_as).',
    modes: ['stdio'],
    parse: parsePath,
  }),
  transport: defineSetting<(typeof transports)[number]>({
    flag: 'transport',
    placeholder: 'stdio|http',
    env: 'SYNQLY_TRANSPORT',
    fallback: 'stdio',
    help: 'stdio: one client over stdin and stdout; http: many clients, each with its own token.',
    modes: server,
    parse: (text) => parseChoice(text, transports),
  }),
  ...httpSettings,
  logLevel: defineSetting<(typeof logLevels)[number]>({
    flag: 'log-level',
    placeholder: logLevels.join('|'),
    env: 'SYNQLY_LOG_LEVEL',
    fallback: 'info',
    help: 'Level of the log on stderr.',
    modes: [...server, 'connect'],
    parse: (text) => parseChoice(text, logLevels),
  }),
};
