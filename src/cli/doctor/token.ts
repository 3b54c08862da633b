import type { PermissionsResult } from '../../access/learn-permissions.ts';
import { tokenOf, tokenSettingOf } from '../../app/synqly-connection.ts';
import { nameOfSetting } from '../../config/check-path.ts';
import type { Config } from '../../config/load-config.ts';
import { settings } from '../../config/settings.ts';
import type { CallError } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { type Check, failed, passed, skipped } from './check.ts';
import { durationOf } from './network.ts';

/** The configured token, or why there is none. */
export interface TokenReport {
  readonly bearer: string | undefined;
  /** The variable that sets it. */
  readonly variable: string;
  /** The problem of a token that is missing or cannot be read. */
  readonly check: Check | undefined;
}

/** Reads the configured token. */
export async function readToken(config: Config): Promise<TokenReport> {
  const name = tokenSettingOf(config);
  if (name === undefined) {
    const check =
      config.transport.value === 'http'
        ? skipped('token', 'none is set: each caller sends its own API token')
        : failed(
            'token',
            'No Synqly token is set.',
            'Set SYNQLY_TOKEN (or SYNQLY_TOKEN_FILE) to an organization token, or use --sandbox to try it on sample data.',
          );
    return { bearer: undefined, variable: 'SYNQLY_TOKEN', check };
  }
  const variable = nameOfSetting(settings[name], config[name]);
  try {
    return { bearer: await tokenOf(config).current(), variable, check: undefined };
  } catch (error) {
    const { message } = error as Error;
    const remediation = `Put an organization token into ${name === 'tokenFile' ? `the file of ${variable}, readable by this user` : variable}.`;
    return { bearer: undefined, variable, check: failed('token', message, remediation) };
  }
}

/** What Synqly answered to the reads with a token: undefined for a success. */
export interface TokenAnswers {
  readonly organization: CallError | undefined;
  readonly accounts: CallError | undefined;
  readonly permissions: PermissionsResult;
}

/** The check of a token that Synqly has answered to. */
export function checkAnswered(
  { organization, accounts, permissions }: TokenAnswers,
  { config, variable }: { readonly config: Config; readonly variable: string },
): Check {
  const status = organization?.details.status;
  if (status === 401 && organization) return refused(organization, config, variable);
  if (status === 402) {
    return failed(
      'token',
      'The organization is disabled, or its evaluation has ended (HTTP 402).',
      'Contact Synqly.',
    );
  }
  const isRefused = status === 403 && accounts?.details.status === 403;
  if (organization && isRefused && typeof permissions === 'string')
    return wrongKind(organization, config, variable);
  const type = typeof permissions === 'string' ? undefined : permissions.token.type;
  const kind = type === undefined ? 'organization token' : `organization token (${type})`;
  return passed('token', `${kind}, from ${variable}${unused(config, variable)}`, {
    kind: 'organization',
    type,
    variable,
  });
}

/** The token settings that another one overrides. */
function unused(config: Config, variable: string): string {
  const others = (['token', 'mcpToken', 'tokenFile'] as const)
    .filter((name) => config[name].value !== undefined && config[name].source !== 'default')
    .flatMap((name) => settings[name].env ?? [])
    .filter((name) => name !== variable);
  return others.length === 0 ? '' : `; ${others.join(' and ')} not used`;
}

function wrongKind(error: CallError, config: Config, variable: string): Check {
  const what =
    tokenSettingOf(config) === 'mcpToken'
      ? 'MCP tokens are for MCP servers; '
      : 'Integration and MCP tokens do not open the Management API; ';
  return failed(
    'token',
    `Synqly knows the token in ${variable}, but it may read nothing (HTTP 403): it is of the wrong kind, or has no permissions.${quoted(error)}`,
    `${what}set SYNQLY_TOKEN to an organization token with a permission set such as viewer.`,
    { reason: 'wrong_kind', variable },
  );
}

function refused(error: CallError, config: Config, variable: string): Check {
  if (upstreamTexts(error).some((text) => /\bexpired\b/i.test(text))) {
    return failed(
      'token',
      `The token in ${variable} has expired (HTTP 401).${quoted(error)}`,
      `Create a new organization token, and put it into ${variable}.`,
      { reason: 'expired', variable },
    );
  }
  const isOfRegion = config.baseUrl.value === undefined;
  const region = isOfRegion
    ? ` If its organization is in another region than ${config.region.value}, set SYNQLY_REGION; doctor --try-regions sends the token there to find out.`
    : '';
  return failed(
    'token',
    `Synqly refused the token in ${variable} (HTTP 401): it is unknown, revoked or expired, or not for this API.${quoted(error)}`,
    `Put a valid organization token into ${variable}.${region}`,
    { reason: 'refused', variable },
  );
}

/** What Synqly says itself, marked as its words. */
function quoted(error: CallError): string {
  const [text] = upstreamTexts(error);
  return text === undefined ? '' : ` Synqly says ${JSON.stringify(text)}.`;
}

function upstreamTexts(error: CallError): readonly string[] {
  const { upstream } = error.toJSON();
  if (!isJsonObject(upstream)) return [];
  return [upstream.message, upstream.detail, upstream.type].filter((text) => typeof text === 'string');
}

/** The check of the organization that the token belongs to. */
export function checkOrganization(found: JsonObject | undefined): Check {
  if (!found) return skipped('organization', 'this token may not read it');
  const { id, name, fullname, state } = found;
  const shown = [name ?? fullname, id].filter((text) => typeof text === 'string');
  return passed(
    'organization',
    shown.length === 2 ? `${shown[0]} (${shown[1]})` : `${shown[0] ?? 'without a name'}`,
    {
      id,
      name,
      state,
    },
  );
}

/** The checks of the permissions and the expiry of a token. */
export function checkPermissions(permissions: PermissionsResult, isRenewed: boolean): readonly Check[] {
  if (permissions === 'failed') {
    return [
      failed(
        'permissions',
        'The permissions of the token could not be read.',
        'Try again: a request failed.',
      ),
      skipped('expiry', 'not known without the permissions'),
    ];
  }
  if (permissions === 'unavailable') {
    return [
      skipped('permissions', 'not shown to this token: no tool is hidden, and Synqly checks each call'),
      skipped('expiry', 'not shown to this token'),
    ];
  }
  const { roles, permissionSets, resources, token } = permissions;
  const limited = isEverything(resources) ? '' : ', for some resources only';
  const byRoles = roles.length === 0 ? '' : ` (roles: ${roles.join(', ')})`;
  return [
    passed('permissions', `${permissionSets.join(', ')}${byRoles}${limited}`, {
      permission_sets: permissionSets,
      roles,
    }),
    checkExpiry(token.expires, isRenewed),
  ];
}

/** Whether the resources of a token are all of each kind: `{"accounts":{"ids":["*"]}}`. */
function isEverything(resources: object | undefined): boolean {
  return Object.values(resources ?? {}).every(
    (kind) =>
      isJsonObject(kind) &&
      Object.values(kind)
        .flat()
        .every((one) => one === '*'),
  );
}

/** A token that ends sooner than this has to be replaced now. */
const minLifetimeMs = 60 * 60_000;

/** @param isRenewed whether a file holds the token, which is replaced while the server runs */
function checkExpiry(expires: string | undefined, isRenewed: boolean): Check {
  const time = Date.parse(expires ?? '');
  if (Number.isNaN(time)) return skipped('expiry', 'Synqly names none');
  const left = time - Date.now();
  const text = `${expires}, in ${durationOf(Math.max(0, Math.round(left / 1000)))}`;
  const details = { expires };
  if (left >= minLifetimeMs || isRenewed) return passed('expiry', text, details);
  return failed('expiry', `The token expires at ${text}.`, 'Create a new organization token soon.', details);
}
