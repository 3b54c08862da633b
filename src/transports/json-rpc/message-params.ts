import {
  ClientCapabilitiesSchema,
  LATEST_PROTOCOL_VERSION,
  RELATED_TASK_META_KEY,
} from '@modelcontextprotocol/sdk/types.js';
import { isJsonObject, type JsonObject, parseJson } from '../../lib/json.ts';

/** What is wrong with the `params` of a request, and what their right form is. */
export class WrongParams extends Error {
  override readonly name = 'WrongParams';
}

/**
 * The `params` of a request in the form that the SDK takes. What is `null`, or an empty list in the place of an object,
 * is not given: several clients write nothing in that way.
 *
 * @throws WrongParams
 */
export function readParams(method: string, given: unknown): JsonObject | undefined {
  const read = Object.hasOwn(readers, method) ? readers[method] : undefined;
  const params = isNothing(given) ? undefined : given;
  // Of a method that there is not, nothing needs to be understood.
  if (read === undefined) return isJsonObject(params) ? withoutMeta(params) : undefined;
  if (params !== undefined && !isJsonObject(params)) throw wrong('params', 'an object');
  const checked = read(params ?? {});
  return params === undefined && Object.keys(checked).length === 0 ? undefined : withReadableMeta(checked);
}

/** The `params` of a notification, which nobody can be told is wrong: what cannot be understood is left out. */
export function readNotificationParams(given: unknown): JsonObject | undefined {
  if (!isJsonObject(given)) return undefined;
  try {
    return withReadableMeta(given);
  } catch {
    return withoutMeta(given);
  }
}

type Reader = (params: JsonObject) => JsonObject;

const readers: Readonly<Record<string, Reader>> = {
  initialize: readInitialize,
  ping: (params) => params,
  'tools/list': readList,
  'tools/call': readToolCall,
  'resources/list': readList,
  'resources/templates/list': readList,
  'resources/read': (params) => {
    if (typeof params.uri === 'string') return params;
    throw wrong('uri', 'a string: the URI of a resource, as resources/list tells it');
  },
  'completion/complete': readCompletion,
};

function readList(params: JsonObject): JsonObject {
  const { cursor, ...rest } = params;
  if (cursor === undefined || typeof cursor === 'string') return params;
  if (cursor === null) return rest;
  throw wrong('cursor', 'a string: the nextCursor of the page before; leave it out for the first page');
}

function readToolCall(params: JsonObject): JsonObject {
  const { name, arguments: given, task, ...rest } = params;
  if (typeof name !== 'string') throw wrong('name', 'a string: the name of a tool, as tools/list tells it');
  const args = readToolArguments(given);
  // Whoever announces no tasks answers a call that asks for one as any other (MCP specification 2025-11-25, tasks).
  if (args === given && task === undefined) return params;
  return { ...rest, name, ...(args !== undefined && { arguments: args }) };
}

/** The arguments of a call, also where they come as one JSON text. */
function readToolArguments(given: unknown): JsonObject | undefined {
  if (given === undefined || isJsonObject(given)) return given;
  const text = typeof given === 'string' ? given.trim() : undefined;
  if (isNothing(given) || text === '' || text === 'null') return undefined;
  const value = text === undefined ? undefined : parseJson(text);
  if (isJsonObject(value)) return value;
  throw wrong('arguments', 'an object with the arguments by name, such as {"limit":10}');
}

function readCompletion(params: JsonObject): JsonObject {
  const { ref, argument, context, ...rest } = params;
  const template = '{"type":"ref/resource","uri":"<a uriTemplate of resources/templates/list>"}';
  if (!isJsonObject(ref)) throw wrong('ref', `an object: ${template}`);
  if (ref.type === 'ref/prompt') {
    if (typeof ref.name !== 'string') throw wrong('ref.name', 'a string');
  } else if (ref.type !== 'ref/resource') throw wrong('ref.type', `"ref/resource": ${template}`);
  else if (typeof ref.uri !== 'string') throw wrong('ref.uri', `a string: ${template}`);
  if (!isJsonObject(argument) || typeof argument.name !== 'string')
    throw wrong('argument', 'an object: {"name":"<a variable of the template>","value":"<what was typed>"}');
  const value = argument.value ?? '';
  if (typeof value !== 'string') throw wrong('argument.value', 'a string: what was typed so far');
  const chosen = readChosen(context);
  return {
    ...rest,
    ref,
    argument: { ...argument, value },
    ...(chosen && { context: { arguments: chosen } }),
  };
}

/** Variables that were chosen before. */
function readChosen(context: unknown): JsonObject | undefined {
  if (isNothing(context)) return undefined;
  if (!isJsonObject(context)) throw wrong('context', 'an object: {"arguments":{"<variable>":"<value>"}}');
  const { arguments: chosen } = context;
  if (isNothing(chosen)) return undefined;
  const entries = Object.entries(isJsonObject(chosen) ? chosen : { '': 0 }).filter(([, one]) => one !== null);
  if (!entries.every(([, one]) => typeof one === 'string'))
    throw wrong('context.arguments', 'an object whose values are strings');
  return Object.fromEntries(entries);
}

function readInitialize(params: JsonObject): JsonObject {
  const { protocolVersion, capabilities, clientInfo, ...rest } = params;
  const version = protocolVersion ?? LATEST_PROTOCOL_VERSION;
  if (typeof version !== 'string')
    throw wrong('protocolVersion', `a string, such as "${LATEST_PROTOCOL_VERSION}"`);
  if (!isNothing(capabilities) && !isJsonObject(capabilities))
    throw wrong('capabilities', 'an object; {} for none');
  return {
    ...rest,
    protocolVersion: version,
    capabilities: readCapabilities(capabilities),
    clientInfo: readClientInfo(clientInfo),
  };
}

/** Those that a server can make use of; of the others there may be any number. */
const usable = ['elicitation', 'roots', 'sampling', 'tasks'];

/** What a client can do. A capability that cannot be understood is one that cannot be used. */
function readCapabilities(given: unknown): JsonObject {
  if (!isJsonObject(given)) return {};
  const named = usable.filter((name) => Object.hasOwn(given, name));
  const entries = named.map((name) => [name, given[name] === true ? {} : withoutNulls(given[name])] as const);
  return Object.fromEntries(
    entries.filter(
      ([name, shown]) => isJsonObject(shown) && ClientCapabilitiesSchema.safeParse({ [name]: shown }).success,
    ),
  );
}

function withoutNulls(value: unknown): unknown {
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== null));
}

/** How a client introduces itself: never a reason to refuse it. */
function readClientInfo(given: unknown): JsonObject {
  const { name, version, title } = isJsonObject(given) ? given : { name: given };
  return {
    name: typeof name === 'string' ? name : '',
    version: typeof version === 'string' || typeof version === 'number' ? String(version) : '',
    ...(typeof title === 'string' && { title }),
  };
}

/** Metadata as the SDK takes it. A progress token that cannot be told back is none: progress is a courtesy. */
function withReadableMeta(params: JsonObject): JsonObject {
  const { _meta: meta } = params;
  if (meta === undefined) return params;
  if (isNothing(meta)) return withoutMeta(params);
  if (!isJsonObject(meta)) throw wrong('_meta', 'an object');
  const { progressToken, [RELATED_TASK_META_KEY]: task, ...rest } = meta;
  const isReadable = typeof progressToken === 'string' || Number.isSafeInteger(progressToken);
  if (task === undefined && (progressToken === undefined || isReadable)) return params;
  return { ...params, _meta: isReadable ? { ...rest, progressToken } : rest };
}

function withoutMeta({ _meta, ...params }: JsonObject): JsonObject {
  return params;
}

function isNothing(value: unknown): value is undefined | null | readonly [] {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

const wrong = (name: string, form: string) => new WrongParams(`${name} must be ${form}.`);
