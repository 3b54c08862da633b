import {
  ClientCapabilitiesSchema,
  LATEST_PROTOCOL_VERSION,
  RELATED_TASK_META_KEY,
} from '@modelcontextprotocol/sdk/types.js';
import { isJsonObject, type JsonObject, parseJson } from '../../lib/json.ts';

/** The `params` of a request are invalid; the message names the correct form. */
export class InvalidParams extends Error {
  override readonly name = 'InvalidParams';
}

/**
 * Normalizes the `params` of a request for the SDK. `null`, and an empty array in place of an object, count as
 * missing: several clients send them.
 *
 * @throws InvalidParams
 */
export function readParams(method: string, given: unknown): JsonObject | undefined {
  const read = Object.hasOwn(readers, method) ? readers[method] : undefined;
  const params = isEmpty(given) ? undefined : given;
  // Params of an unknown method are not checked.
  if (read === undefined) return readNotificationParams(params);
  if (params !== undefined && !isJsonObject(params)) throw invalid('params', 'an object');
  const checked = read(params ?? {});
  return params === undefined && Object.keys(checked).length === 0 ? undefined : withReadableMeta(checked);
}

/** Normalizes the `params` of a notification. It gets no response, so invalid parts are dropped. */
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
  'prompts/list': readList,
  'prompts/get': readPrompt,
  'skills/list': readList,
  'skills/get': readUri('the URI of a skill from skills/list'),
  'resources/list': readList,
  'resources/templates/list': readList,
  'resources/read': readUri('the URI of a resource from resources/list'),
  'completion/complete': readCompletion,
  'server/discover': (params) => params,
  'subscriptions/listen': (params) => params,
};

function readUri(meaning: string): Reader {
  return (params) => {
    if (typeof params.uri === 'string') return params;
    throw invalid('uri', `a string: ${meaning}`);
  };
}

function readPrompt(params: JsonObject): JsonObject {
  const { name, arguments: given, ...rest } = params;
  if (typeof name !== 'string') throw invalid('name', 'a string: the name of a prompt from prompts/list');
  const args = readTexts(given, 'arguments', '{"account_id":"<a name or id>"}');
  return { ...rest, name, ...(args && { arguments: args }) };
}

function readList(params: JsonObject): JsonObject {
  const { cursor, ...rest } = params;
  if (cursor === undefined || typeof cursor === 'string') return params;
  if (cursor === null) return rest;
  throw invalid('cursor', 'a string: the nextCursor of the previous page; omit it for the first page');
}

function readToolCall(params: JsonObject): JsonObject {
  const { name, arguments: given, task, ...rest } = params;
  if (typeof name !== 'string') throw invalid('name', 'a string: the name of a tool from tools/list');
  const args = readToolArguments(given);
  // A server without the tasks capability ignores `task` (MCP specification 2025-11-25, tasks).
  if (args === given && task === undefined) return params;
  return { ...rest, name, ...(args !== undefined && { arguments: args }) };
}

/** The arguments of a call. Some clients send them as JSON text. */
function readToolArguments(given: unknown): JsonObject | undefined {
  if (given === undefined || isJsonObject(given)) return given;
  const text = typeof given === 'string' ? given.trim() : undefined;
  if (isEmpty(given) || text === '' || text === 'null') return undefined;
  const value = text === undefined ? undefined : parseJson(text);
  if (isJsonObject(value)) return value;
  throw invalid('arguments', 'an object with the arguments by name, such as {"limit":10}');
}

function readCompletion(params: JsonObject): JsonObject {
  const { ref, argument, context, ...rest } = params;
  const template = '{"type":"ref/resource","uri":"<a uriTemplate of resources/templates/list>"}';
  if (!isJsonObject(ref)) throw invalid('ref', `an object: ${template}`);
  if (ref.type === 'ref/prompt') {
    if (typeof ref.name !== 'string') throw invalid('ref.name', 'a string: the name of a prompt');
  } else if (ref.type !== 'ref/resource')
    throw invalid('ref.type', `"ref/prompt" or "ref/resource": ${template}`);
  else if (typeof ref.uri !== 'string') throw invalid('ref.uri', `a string: ${template}`);
  if (!isJsonObject(argument) || typeof argument.name !== 'string')
    throw invalid(
      'argument',
      'an object: {"name":"<a variable of the template, or an argument of the prompt>","value":"<what was typed>"}',
    );
  const value = argument.value ?? '';
  if (typeof value !== 'string') throw invalid('argument.value', 'a string: what was typed so far');
  const chosen = readChosen(context);
  return {
    ...rest,
    ref,
    argument: { ...argument, value },
    ...(chosen && { context: { arguments: chosen } }),
  };
}

/** Template variables that are already chosen. */
function readChosen(context: unknown): JsonObject | undefined {
  if (isEmpty(context)) return undefined;
  if (!isJsonObject(context)) throw invalid('context', 'an object: {"arguments":{"<variable>":"<value>"}}');
  return readTexts(context.arguments, 'context.arguments');
}

/** An object of texts. `null` counts as missing. */
function readTexts(given: unknown, name: string, example?: string): JsonObject | undefined {
  if (isEmpty(given)) return undefined;
  const entries = Object.entries(isJsonObject(given) ? given : { '': 0 }).filter(([, one]) => one !== null);
  if (entries.every(([, one]) => typeof one === 'string')) return Object.fromEntries(entries);
  const suffix = example === undefined ? '' : `, such as ${example}`;
  throw invalid(name, `an object whose values are strings${suffix}`);
}

function readInitialize(params: JsonObject): JsonObject {
  const { protocolVersion, capabilities, clientInfo, ...rest } = params;
  const version = protocolVersion ?? LATEST_PROTOCOL_VERSION;
  if (typeof version !== 'string')
    throw invalid('protocolVersion', `a string, such as "${LATEST_PROTOCOL_VERSION}"`);
  if (!isEmpty(capabilities) && !isJsonObject(capabilities))
    throw invalid('capabilities', 'an object; {} for none');
  return {
    ...rest,
    protocolVersion: version,
    capabilities: readCapabilities(capabilities),
    clientInfo: readClientInfo(clientInfo),
  };
}

/** Client capabilities that a server can use; others are dropped. */
const usedCapabilities = ['elicitation', 'roots', 'sampling', 'tasks'];

/** The client's capabilities. An invalid capability counts as missing. */
function readCapabilities(given: unknown): JsonObject {
  if (!isJsonObject(given)) return {};
  const named = usedCapabilities.filter((name) => Object.hasOwn(given, name));
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

/** The client's name and version. Invalid values never fail `initialize`. */
function readClientInfo(given: unknown): JsonObject {
  const { name, version, title } = isJsonObject(given) ? given : { name: given };
  return {
    name: typeof name === 'string' ? name : '',
    version: typeof version === 'string' || typeof version === 'number' ? String(version) : '',
    ...(typeof title === 'string' && { title }),
  };
}

/** Normalizes `_meta` for the SDK. An invalid progress token is dropped: progress is optional. */
function withReadableMeta(params: JsonObject): JsonObject {
  const { _meta: meta } = params;
  if (meta === undefined) return params;
  if (isEmpty(meta)) return withoutMeta(params);
  if (!isJsonObject(meta)) throw invalid('_meta', 'an object');
  const { progressToken, [RELATED_TASK_META_KEY]: task, ...rest } = meta;
  const isReadable = typeof progressToken === 'string' || Number.isSafeInteger(progressToken);
  if (task === undefined && (progressToken === undefined || isReadable)) return params;
  return { ...params, _meta: isReadable ? { ...rest, progressToken } : rest };
}

function withoutMeta({ _meta, ...params }: JsonObject): JsonObject {
  return params;
}

function isEmpty(value: unknown): value is undefined | null | readonly [] {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

const invalid = (name: string, form: string) => new InvalidParams(`${name} must be ${form}.`);
