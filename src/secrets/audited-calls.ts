import type * as z from 'zod';
import { isJsonObject, type JsonObject } from '../lib/json.ts';
import { isLarge } from '../lib/lazy-json.ts';
import { parsePartial } from '../lib/partial-json.ts';
import { minMaskedLength } from '../lib/secret-forms.ts';
import { leadToSecret, mayHoldAnything, namesAlong, withheld } from '../lib/secret-names.ts';
import { catalogue } from '../tools/catalogue.ts';
import type { Operation } from '../tools/define-operation.ts';
import { auditList } from '../tools/operations/audit.ts';
import { isSecret } from '../tools/schemas/fields.ts';
import { structureOf } from '../tools/schemas/structure.ts';
import { maskKnown, redactionOf, withholdInto, withholdPaths } from './redact.ts';
import { secretFieldsOf, takesSecrets, touchesSecret } from './secret-fields.ts';
import { withholdStrictly, withholdWhole } from './strict-redaction.ts';

/*
 * Synqly's audit log repeats the bodies of requests and responses. Their secrets are recognized by the operation that was
 * called, and by the names of fields. Whatever cannot be read as the JSON of a known operation is withheld whole.
 */

/** The fields of an audit entry that repeat what was sent and returned. */
const bodyFields = ['body', 'response'] as const;

/** Whether a call shows these fields. */
export function showsAuditBodies(operation: Operation, fields: unknown): boolean {
  if (operation !== auditList || !Array.isArray(fields)) return false;
  return fields.some((field) => /^(\*|body|response)$/i.test(String(field).split('.')[0]?.trim() ?? ''));
}

/** A list of audit entries without the secrets in their bodies, and without copies of them elsewhere in the list. */
export function withholdInAuditEntries(body: unknown): unknown {
  if (!isJsonObject(body) || !Array.isArray(body.result)) return withholdPaths(auditList.secrets, body, []);
  const secrets = new Set<string>();
  const result = body.result.map((entry) =>
    isJsonObject(entry) ? withoutSecrets(entry, secrets) : withheld,
  );
  return secrets.size > maxSearched ? { ...body, result } : maskKnown({ ...body, result }, secrets);
}

/** Secrets that are also searched for in the other entries of a list. The search takes longer the more there are. */
const maxSearched = 200;

function withoutSecrets(entry: JsonObject, secrets: Set<string>): JsonObject {
  const operations = operationsOf(entry);
  const found: string[] = [];
  const request = readBody(entry.body);
  const response = readBody(entry.response);
  const isReadable = operations.length > 0 && !operations.includes(auditList);
  const body = isReadable && request ? maskRequest(operations, request.value, found) : undefined;
  const isKnown = isReadable && knowsSecrets(operations, request, found);
  const answer =
    isReadable && response ? maskResponse(operations, response.value, isKnown, found) : undefined;
  const shown = { body: markCut(body, request?.isCut), response: markCut(answer, response?.isCut) };
  const fields = bodyFields.filter((name) => Object.hasOwn(entry, name) && !isEmpty(entry[name]));
  const masked = Object.fromEntries(fields.map((name) => [name, shown[name] ?? withheld]));
  // A text that cannot be read may be the secret itself.
  for (const name of fields)
    if (shown[name] === undefined && typeof entry[name] === 'string') found.push(entry[name]);
  for (const secret of found) secrets.add(secret);
  return maskKnown({ ...entry, ...masked }, found) as JsonObject;
}

const isEmpty = (value: unknown) => value === null || value === undefined || value === '';

/** The operations that a call of this method and path may have been. */
function operationsOf({ method, path }: JsonObject): readonly Operation[] {
  const steps = (String(path).split('?')[0] ?? '').split('/');
  return catalogue.filter(
    (one) => one.method === String(method).toUpperCase() && fitsPath(one.path.split('/'), steps),
  );
}

function fitsPath(template: readonly string[], steps: readonly string[]): boolean {
  if (template.length !== steps.length) return false;
  return template.every((step, at) => (step.startsWith('{') ? steps[at] !== '' : step === steps[at]));
}

/** Longer bodies are withheld. */
const maxBodyLength = 256 * 1024;

/** A body as an object or list; undefined if it is neither, nor the JSON of one. */
function readBody(body: unknown): { readonly value: object; readonly isCut: boolean } | undefined {
  if (isLarge(body)) return undefined;
  if (typeof body === 'object' && body !== null) return { value: body, isCut: false };
  if (typeof body !== 'string' || body.length > maxBodyLength) return undefined;
  const { value, isCut = false } = parsePartial(body) ?? {};
  return typeof value === 'object' && value !== null ? { value, isCut } : undefined;
}

function markCut(value: unknown, isCut = false): unknown {
  return isCut && isJsonObject(value) ? { ...value, $cut: 'Synqly recorded only this part.' } : value;
}

function maskRequest(operations: readonly Operation[], request: unknown, found: string[]): unknown {
  const masked = operations.reduce((part, operation) => maskArguments(operation, part, found), request);
  return withholdStrictly(masked, found);
}

function maskArguments(operation: Operation, request: unknown, found: string[]): unknown {
  const { bodyIn, method, input } = operation;
  if (method === 'PATCH') {
    const steps = Array.isArray(request) ? request : [request];
    return steps.map((step) => maskStep(operation, step, found));
  }
  if (bodyIn === undefined || !isJsonObject(request)) return maskField(input, request, found);
  return { ...request, [bodyIn]: maskField(input, request[bodyIn], found) };
}

/** A step of a JSON Patch. Its value is a secret if its path leads to one. */
function maskStep(operation: Operation, step: unknown, found: string[]): unknown {
  if (!isJsonObject(step) || !Object.hasOwn(step, 'value')) return step;
  const names = namesAlong(String(step.path));
  const isAtSecret =
    leadToSecret(names) ||
    names.some(mayHoldAnything) ||
    redactionOf(names.at(-1) ?? '', step.value) === 'whole' ||
    secretFieldsOf(operation).some(
      (field) => touchesSecret(field, names) && names.length >= field.names.length,
    );
  return isAtSecret ? { ...step, value: withholdWhole(step.value, found) } : step;
}

/** A value without the parts that the field of an operation declares as secret. */
function maskField(field: z.ZodType, value: unknown, found: string[]): unknown {
  if (value === undefined || value === null) return value;
  const { innerType, element, options, shape, catchall } = structureOf(field);
  // Secrets in a free-form object are found by name.
  const isOpen = catchall !== undefined && catchall.def.type !== 'never';
  if (isSecret(field) && !(isOpen && isJsonObject(value))) return withholdWhole(value, found);
  if (innerType) return maskField(innerType, value, found);
  if (element && Array.isArray(value)) return value.map((item) => maskField(element, item, found));
  if (options) return options.reduce((part: unknown, option) => maskField(option, part, found), value);
  if (!shape || !isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([name, part]): [string, unknown] => [
    name,
    Object.hasOwn(shape, name) ? maskField(shape[name] as z.ZodType, part, found) : part,
  ]);
  return Object.fromEntries(entries);
}

/**
 * Whether all secrets of a request are known, so that the texts of its response can be searched for them. They are not if
 * Synqly recorded a mask in their place, or none or only a part of the request.
 */
function knowsSecrets(
  operations: readonly Operation[],
  request: { readonly isCut: boolean } | undefined,
  found: readonly string[],
): boolean {
  if (request?.isCut === false) return found.every(isSearchable);
  // A patch may hold anything.
  return !operations.some((operation) => takesSecrets(operation) || operation.method === 'PATCH');
}

const isSearchable = (secret: string) =>
  secret.length >= minMaskedLength && !/^\W+$|^(.)\1*$|redact|mask|hidden|withheld|filtered/i.test(secret);

function maskResponse(
  operations: readonly Operation[],
  response: unknown,
  isKnown: boolean,
  found: string[],
): unknown {
  const isProblem = !isJsonObject(response) || (!('result' in response) && 'message' in response);
  const masked = isProblem
    ? response
    : operations.reduce((part: unknown, operation) => withholdInto(operation, part, found), response);
  const named: string[] = [];
  const rest = withholdStrictly(withoutEchoes(masked, isKnown, found), named);
  found.push(...named.filter((text) => !isPlainWord(text)));
  return rest;
}

/** Short words below names such as `tokens` are actions of permission sets, and occur elsewhere too. */
const isPlainWord = (text: string) => /^[a-z]{1,8}$/.test(text);

/** A response whose problems do not repeat values of the request, nor texts in which an unknown secret may be. */
function withoutEchoes(value: unknown, isKnown: boolean, found: string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutEchoes(item, isKnown, found));
  if (!isJsonObject(value)) return isKnown ? value : withholdWhole(value, []);
  if ('result' in value) {
    const { messages, ...rest } = value;
    return messages === undefined ? value : { ...rest, messages: withoutEchoes(messages, isKnown, found) };
  }
  const entries = Object.entries(value)
    .filter(([name]) => isKnown || shownFields.has(name))
    .map(([name, part]): [string, unknown] => [name, withoutEcho(name, part, isKnown, found)]);
  return Object.fromEntries(entries);
}

/** The fields of problems that are shown if the request may have held unknown secrets. */
const shownFields: ReadonlySet<string> = new Set(
  'problems type status instance occurred_at message context parameter id location'.split(' '),
);
const plainFields: ReadonlySet<string> = new Set([
  'type',
  'status',
  'instance',
  'occurred_at',
  'id',
  'location',
]);

function withoutEcho(name: string, part: unknown, isKnown: boolean, found: string[]): unknown {
  if (name === 'parameter' && isJsonObject(part) && 'value' in part)
    return withoutEchoes({ ...part, value: withholdWhole(part.value, found) }, isKnown, found);
  return plainFields.has(name) ? part : withoutEchoes(part, isKnown, found);
}
