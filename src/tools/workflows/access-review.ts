import * as z from 'zod';
import type { JsonObject } from '../../lib/json.ts';
import {
  defineWorkflow,
  type SuggestedCall,
  type WorkflowAnswer,
  type WorkflowTable,
} from './define-workflow.ts';
import { describeResources, permissionsOf } from './resources.ts';
import {
  countOf,
  dayMs,
  describeDuration,
  nameOf,
  objectOf,
  tally,
  textOf,
  textsOf,
  timeOf,
  toMinute,
} from './values.ts';

/** Until when something expires soon, and since when someone has not been seen for long. */
const soonMs = 30 * dayMs;
const longMs = 90 * dayMs;

/** Entries of the audit trail in which the last call of each member is looked for. */
const maxEntries = 1_000;

/** Names that a finding lists. */
const maxNamed = 8;

export const accessReview = defineWorkflow({
  id: 'access_review',
  title: 'Review access',
  summary:
    'Review who can do what: members with roles and when last seen, roles, permission sets, tokens; what expires soon, and what nobody uses.',
  input: z.strictObject({}),
  reads: ['members_list', 'roles_list'],
  alsoReads: ['tokens_list', 'permissionset_list', 'audit_list'],
  run: async ({ getRows, reportProgress, now }) => {
    const needed = { isNeeded: true };
    const lists = [
      getRows('members_list', {}, needed),
      getRows('roles_list', {}, needed),
      getRows('tokens_list', {}),
      getRows('permissionset_list', {}),
      getRows('audit_list', { order: ['created_at[desc]'] }, { maxRows: maxEntries }),
    ];
    let done = 0;
    for (const list of lists)
      list.then(
        () => reportProgress(++done, lists.length),
        // The first that fails ends the workflow below.
        () => undefined,
      );
    const [members = [], roles = [], tokens, permissionSets, entries] = await Promise.all(lists);
    const organization = { members, roles, tokens, permissionSets, entries };
    return answerWith(organization, now);
  },
});

/** What was read of the organization; lists are undefined if they could not be read. */
interface Organization {
  readonly members: readonly JsonObject[];
  readonly roles: readonly JsonObject[];
  readonly tokens: readonly JsonObject[] | undefined;
  readonly permissionSets: readonly JsonObject[] | undefined;
  /** The last entries of the audit trail, the newest first. */
  readonly entries: readonly JsonObject[] | undefined;
}

const rolesOf = ({ role_binding }: JsonObject): readonly string[] => textsOf(role_binding);

function answerWith(organization: Organization, now: number): WorkflowAnswer {
  const { members } = organization;
  const seen = lastSeen(organization);
  const unseen = describeUnseen(organization, now);
  const rows = members.map((member): JsonObject => {
    const at = seen.get(String(member.id));
    return {
      member: member.name,
      type: member.type,
      state: member.state,
      roles: rolesOf(member).join(', ') || 'none',
      last_seen: at === undefined ? unseen : toMinute(at),
      password_expires: toMinute(member.expires),
    };
  });
  const findings = findingsOf(organization, seen, now);
  return {
    summary: summarize(organization),
    ...(findings.length > 0 && { details: { findings } }),
    columns: ['member', 'type', 'state', 'roles', 'last_seen', 'password_expires'],
    rows,
    tables: {
      roles: roleTable(organization),
      tokens: tokenTable(organization, now),
      permission_sets: permissionSetTable(organization),
    },
    next: suggestCalls(organization, seen),
  };
}

/** What is known of a member without a logon or an entry of the audit trail: `not in the last 12 d`. */
function describeUnseen({ entries }: Organization, now: number): string {
  if (!entries) return 'no logon';
  const oldest = timeOf(entries.at(-1)?.created_at);
  return entries.length < maxEntries || oldest === undefined
    ? 'never'
    : `not in the last ${describeDuration(now - oldest)}`;
}

/** When each member was last seen, by id: the last logon, or the last call in the audit trail. */
function lastSeen({ members, entries }: Organization): ReadonlyMap<string, number> {
  const seen = new Map<string, number>();
  const note = (id: unknown, time: number | undefined) => {
    const known = seen.get(String(id));
    if (time !== undefined && (known === undefined || known < time)) seen.set(String(id), time);
  };
  for (const { id, last_logon } of members) note(id, timeOf(last_logon));
  for (const { member_id, created_at } of entries ?? [])
    if (textOf(member_id) !== undefined) note(member_id, timeOf(created_at));
  return seen;
}

/** The names of the roles with the permission set `administrator`. */
function administratorRoles({ roles }: Organization): ReadonlySet<string> {
  const some = roles.filter(({ permission_set }) => permission_set === 'administrator');
  return new Set(some.map(nameOf));
}

function summarize(organization: Organization): string {
  const { members, roles, tokens } = organization;
  const states = tally(members.map(({ state }) => textOf(state) ?? 'unknown'));
  const powerful = administratorRoles(organization);
  const administrators = members.filter((member) => rolesOf(member).some((role) => powerful.has(role)));
  return [
    `${countOf(members.length, 'member')}${states.length > 0 ? ` (${states.map(([state, count]) => `${count} ${state}`).join(', ')})` : ''}, ${countOf(roles.length, 'role')}${tokens ? `, ${countOf(tokens.length, 'token')}` : ''}.`,
    `${countOf(administrators.length, 'administrator')}${administrators.length > 0 ? `: ${namesOf(administrators)}` : ''}.`,
  ].join(' ');
}

function namesOf(objects: readonly JsonObject[]): string {
  const names = objects.slice(0, maxNamed).map(nameOf);
  const more = objects.length - names.length;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** What should be looked at, in a sentence each. */
function findingsOf(
  organization: Organization,
  seen: ReadonlyMap<string, number>,
  now: number,
): readonly string[] {
  const { members, roles, tokens, entries } = organization;
  const enabled = members.filter(({ state }) => state === 'enabled');
  const at = ({ id }: JsonObject) => seen.get(String(id));
  const endsWithin = (object: JsonObject, from: number, to: number) => {
    const time = timeOf(object.expires);
    return time !== undefined && time >= from && time < to;
  };
  const unseen = enabled.filter((member) => at(member) === undefined);
  const away = enabled.filter((member) => (at(member) ?? now) < now - longMs);
  const used = new Set(members.flatMap(rolesOf));
  const oldest = timeOf(entries?.at(-1)?.created_at);
  const elsewhere =
    oldest === undefined
      ? ''
      : `, and not seen in the last ${describeDuration(now - oldest)} of the audit trail`;
  const found: [string, readonly JsonObject[]][] = [
    [`Enabled, but never logged on${elsewhere}`, unseen],
    ['Enabled, but not seen for 90 days', away],
    [
      'Locked or disabled, and still has roles',
      members.filter((one) => isBarred(one) && rolesOf(one).length > 0),
    ],
    ['Password expired', enabled.filter((one) => endsWithin(one, 0, now))],
    ['Password expires within 30 days', enabled.filter((one) => endsWithin(one, now, now + soonMs))],
    ['Tokens that expire within 30 days', (tokens ?? []).filter((one) => endsWithin(one, now, now + soonMs))],
    ['Expired tokens', (tokens ?? []).filter((one) => endsWithin(one, 0, now))],
    ['Roles that no member has', roles.filter((role) => !used.has(nameOf(role)))],
  ];
  return found.flatMap(([text, objects]) => (objects.length > 0 ? [`${text}: ${namesOf(objects)}.`] : []));
}

const isBarred = ({ state }: JsonObject) => ['locked', 'disabled'].includes(String(state));

function roleTable({ members, roles }: Organization): WorkflowTable {
  const rows = roles.map(
    ({ name, permission_set, resources }): JsonObject => ({
      role: name,
      permission_set,
      on: describeResources(resources),
      members: members.filter((member) => rolesOf(member).includes(String(name))).length,
    }),
  );
  return { columns: ['role', 'permission_set', 'on', 'members'], rows };
}

function tokenTable({ members, tokens }: Organization, now: number): WorkflowTable {
  const names = new Map(members.map(({ id, name }) => [id, name]));
  const rows = (tokens ?? []).map((token): JsonObject => {
    const { adhoc_role, role_binding } = permissionsOf(token);
    const { permission_set, resources } = objectOf(adhoc_role);
    const expires = timeOf(token.expires);
    return {
      token: token.name,
      type: token.token_type,
      made_by: names.get(token.member_id) ?? token.member_id,
      permission_set: permission_set ?? role_binding,
      on: adhoc_role === undefined ? undefined : describeResources(resources),
      expires: expires !== undefined && expires < now ? `expired ${toMinute(expires)}` : toMinute(expires),
    };
  });
  return { columns: ['token', 'type', 'made_by', 'permission_set', 'on', 'expires'], rows };
}

function permissionSetTable({ permissionSets, roles, tokens }: Organization): WorkflowTable {
  const rows = (permissionSets ?? []).map(({ name, description }): JsonObject => {
    const ofRoles = roles.filter(({ permission_set }) => permission_set === name).length;
    const ofTokens = (tokens ?? []).filter(
      (token) => objectOf(permissionsOf(token).adhoc_role).permission_set === name,
    ).length;
    return { permission_set: name, allows: description, roles: ofRoles, tokens: ofTokens };
  });
  return { columns: ['permission_set', 'allows', 'roles', 'tokens'], rows };
}

function suggestCalls(organization: Organization, seen: ReadonlyMap<string, number>): SuggestedCall[] {
  const { members } = organization;
  const powerful = administratorRoles(organization);
  const unseen = members.find(
    (member) => rolesOf(member).some((role) => powerful.has(role)) && !seen.has(String(member.id)),
  );
  const seenLast = [...members]
    .sort((one, other) => (seen.get(String(other.id)) ?? 0) - (seen.get(String(one.id)) ?? 0))
    .find(({ id }) => textOf(id) !== undefined);
  return [
    ...(unseen
      ? [
          {
            tool: 'who_changed',
            arguments: { type: 'member', object: nameOf(unseen) },
            why: 'who created or changed an administrator that was never seen',
          },
        ]
      : []),
    ...(seenLast
      ? [
          {
            tool: 'audit_list',
            arguments: { filter: [`member_id[eq]${seenLast.id}`], order: ['created_at[desc]'], limit: 20 },
            why: `what ${nameOf(seenLast)} did last`,
          },
        ]
      : []),
  ];
}
