import * as z from 'zod';
import { CallError } from '../../errors.ts';
import type { JsonObject } from '../../lib/json.ts';
import { text } from '../schemas/fields.ts';
import { decodeStep, readMemberNames } from './configuration-changes.ts';
import {
  defineWorkflow,
  type SuggestedCall,
  type WorkflowAnswer,
  type WorkflowRequest,
} from './define-workflow.ts';
import { describeFieldChanges, objectIn, type RecordedChange } from './field-changes.ts';
import {
  describeType,
  isType,
  type ObjectType,
  objectTypes,
  type ResolvedObject,
  resolveObject,
  typeOfPath,
} from './objects.ts';
import { countOf, joinSentences, tally, textOf, timeOf, toSecond } from './values.ts';

/** Entries that are read for each name of the object, the newest first. */
const maxEntries = 200;

export const whoChanged = defineWorkflow({
  id: 'who_changed',
  title: 'Show who changed an object',
  summary:
    'List the changes to one object, newest first: who, when, from where, and the old and new value of each field.',
  input: z.strictObject({
    object: text.describe('Id or name'),
    type: z.enum(objectTypes).optional(),
    account_id: text.optional().describe('Account of the integration or bridge'),
    since: text.optional().describe('RFC 3339'),
  }),
  reads: ['audit_list'],
  alsoReads: ['members_list'],
  run: async (request) => {
    const { args } = request;
    const since = readSince(args.since, request.now);
    const given = isType(args.type) ? args.type : undefined;
    const object = await resolveObject(String(args.object), given, request);
    const { type } = object;
    request.reportProgress(1, 3);
    const entries = await readEntries(object, type, since, request);
    request.reportProgress(2, 3);
    const made = entries.filter(({ code }) => Number(code) < 400);
    const names = made.length === 0 ? new Map<string, string>() : await readMemberNames(request);
    return answerWith({ object, type, made, refused: entries.length - made.length, names, since, args });
  },
});

/** A date, and perhaps a time, which is of UTC without an offset. Date.parse takes other texts for times too. */
const timeForm = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)([Zz]|[-+]\d\d:\d\d)?)?$/;

/** @throws CallError `invalid_arguments` for what is no time, or is to come */
function readSince(given: unknown, now: number): number | undefined {
  if (given === undefined) return undefined;
  const [, date, time = '00:00', offset = 'Z'] = timeForm.exec(String(given)) ?? [];
  const since = timeOf(`${date}T${time}${offset.toUpperCase()}`);
  if (since !== undefined && since <= now) return since;
  const problem =
    since === undefined ? 'must be a time, such as 2026-08-31T12:00:00Z' : 'must not be in the future';
  throw new CallError('invalid_arguments', 'Invalid arguments for who_changed.', {
    arguments: [{ argument: 'since', problem }],
  });
}

const methods: Readonly<Record<string, string>> = {
  POST: 'created',
  PUT: 'changed',
  PATCH: 'changed',
  DELETE: 'deleted',
};

/** Steps at the end of a path that name what is done to the object. */
const actions: ReadonlySet<string> = new Set(['verify', 'reset', 'rotate', 'refresh', 'secondary']);

/** The entries about an object that are not reads, oldest first. */
async function readEntries(
  object: ResolvedObject,
  type: ObjectType | undefined,
  since: number | undefined,
  request: WorkflowRequest,
): Promise<readonly JsonObject[]> {
  const common = [
    `method[in]${Object.keys(methods).join(',')}`,
    ...(since === undefined ? [] : [`created_at[gte]${new Date(since).toISOString()}`]),
  ];
  const list = async (filter: readonly string[]) => {
    const args = { filter: [...filter, ...common], order: ['created_at[desc]'], fields: ['*'] };
    const rows = (await request.getRows('audit_list', args, { isNeeded: true, maxRows: maxEntries })) ?? [];
    const oldest = rows.at(-1);
    if (rows.length >= maxEntries && oldest)
      request.noteNotRead('audit_list', `entries before ${toSecond(oldest.created_at)}`);
    return rows.filter(({ method, path }) => Object.hasOwn(methods, String(method)) && textOf(path));
  };
  const named = object.names.map((name) => list([`path[like]%/${patternOf(name)}%`]));
  const lists = await Promise.all([...named, ...object.created.map(list)]);
  const found = new Map<string, JsonObject>();
  for (const [index, rows] of lists.entries())
    for (const entry of rows) {
      const isAbout = index < named.length ? isNamed(entry, object, type) : isCreation(entry, object);
      if (isAbout) found.set(`${entry.created_at} ${entry.method} ${entry.path}`, entry);
    }
  return [...found.values()].sort(
    (one, other) => (timeOf(one.created_at) ?? 0) - (timeOf(other.created_at) ?? 0),
  );
}

/** A name as a pattern: paths may have its other characters escaped. */
const patternOf = (name: string) => name.replaceAll(/[^\w.~-]/g, '%');

const stepsOf = ({ path }: JsonObject) =>
  (String(path).split('?')[0] ?? '').split('/').slice(1).map(decodeStep);

/** Whether a path names the object, or something that belongs to it. */
function isNamed(
  entry: JsonObject,
  { names, prefixes }: ResolvedObject,
  type: ObjectType | undefined,
): boolean {
  const [, ...steps] = stepsOf(entry);
  if (steps.at(-1) === 'verify') return false;
  if (type !== undefined && !prefixes.some((prefix) => String(entry.path).startsWith(prefix))) return false;
  const own = steps.filter((step) => !actions.has(step));
  // An integration's path begins with the id of its account, and is not about that.
  const isOwner = type === 'account' && own[0] !== 'accounts';
  return !isOwner && own.slice(1).some((step) => names.includes(step));
}

/** Whether a call created the object: by its response, or by the name that was given. */
function isCreation(entry: JsonObject, { id, name }: ResolvedObject): boolean {
  // Other calls are about the integration as well: its check, and the tokens that are made for it.
  const [, kind, ...steps] = stepsOf(entry);
  if (entry.integration_id !== undefined && (kind !== 'integrations' || steps.length !== 1)) return false;
  const created = textOf(objectIn(entry.response)?.id);
  // An object that is gone may have had the same name.
  if (id !== undefined && created !== undefined) return created === id;
  if (id !== undefined && [entry.account_id, entry.integration_id].includes(id)) return true;
  const body = entry.body as JsonObject | undefined;
  return name !== undefined && typeof body === 'object' && body?.name === name;
}

interface Found {
  readonly object: ResolvedObject;
  readonly type: ObjectType | undefined;
  /** The successful changes, oldest first. */
  readonly made: readonly JsonObject[];
  readonly refused: number;
  readonly names: ReadonlyMap<string, string>;
  readonly since: number | undefined;
  readonly args: JsonObject;
}

function answerWith({ object, type, made, refused, names, since, args }: Found): WorkflowAnswer {
  const changes = describeFieldChanges(made.map(recordOf), object.current);
  const rows = made
    .map((entry, index): JsonObject => {
      const member = textOf(entry.member_id);
      return {
        at: toSecond(entry.created_at),
        who: member === undefined ? undefined : (names.get(member) ?? member),
        from: entry.remote_addr,
        did: actionOf(entry, object),
        changes: changes[index],
      };
    })
    .reverse();
  return {
    summary: summarize(rows, { object, refused, since }),
    columns: ['at', 'who', 'from', 'did', 'changes'],
    rows,
    inRows: ['at', 'who', 'from'],
    next: suggestCalls(object, type, made.at(-1), args),
  };
}

function recordOf(entry: JsonObject): RecordedChange {
  return { method: String(entry.method), body: entry.body, response: entry.response };
}

/** `changed`, `deleted`, `rotated`; with the kind of object where it belongs to the named one. */
function actionOf(entry: JsonObject, { names }: ResolvedObject): string {
  const [, kind = '', ...steps] = stepsOf(entry);
  const last = steps.at(-1) ?? '';
  if (last === 'secondary') return 'secondary pair removed';
  if (actions.has(last)) return last;
  const verb = methods[String(entry.method)] ?? String(entry.method);
  // The last step names the object itself, unless it was created.
  const isOwn = names.includes(last) || String(entry.method) === 'POST';
  return isOwn && !(kind === 'credentials' && String(entry.method) === 'POST')
    ? verb
    : `${kind.replace(/s$/, '')} ${verb}`;
}

function summarize(
  rows: readonly JsonObject[],
  { object, refused, since }: Pick<Found, 'object' | 'refused' | 'since'>,
): string {
  const [last] = rows;
  const who = tally(rows.flatMap(({ who }) => textOf(who) ?? []));
  const within = since === undefined ? '' : ` since ${toSecond(since)}`;
  const sentences = [
    last
      ? `${object.label} has ${countOf(rows.length, 'recorded change')}${within}, the last ${last.at ?? 'at an unknown time'} by ${last.who ?? 'a caller of which Synqly records no member, such as a token'}.`
      : `${object.label} has no recorded change${within}.`,
    who.length > 1 && `By ${who.map(([name, count]) => `${name} (${count})`).join(', ')}.`,
    refused > 0 && `${countOf(refused, 'further attempt')} failed.`,
    !object.isFound &&
      `No such ${object.type === undefined ? 'object' : describeType(object.type)} can be read now${last ? ': these are the changes whose record names it' : ''}.`,
  ];
  return joinSentences(sentences);
}

function suggestCalls(
  object: ResolvedObject,
  type: ObjectType | undefined,
  last: JsonObject | undefined,
  args: JsonObject,
): SuggestedCall[] {
  const entry = last && {
    tool: 'audit_list',
    arguments: {
      filter: [
        ...(timeOf(last.created_at) === undefined ? [] : [`created_at[gte]${last.created_at}`]),
        `path[eq]${last.path}`,
      ],
      fields: ['*'],
      limit: 5,
    },
    why: 'the last change with all that was sent and returned',
  };
  const overview = type === 'account' &&
    object.isFound &&
    object.name !== undefined && {
      tool: 'account_overview',
      arguments: { account_id: object.name },
      why: 'the account as it is now',
    };
  // By its type, also the call that created an object is found.
  const likely = object.type === undefined ? typeOfPath(String(last?.path)) : undefined;
  const again = likely && {
    tool: 'who_changed',
    arguments: { ...args, type: likely },
    why: `the same changes and the creation of the ${describeType(likely)}`,
  };
  return [entry, overview || undefined, again].filter((call) => call !== undefined);
}
