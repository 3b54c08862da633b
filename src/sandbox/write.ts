/* Changes of stored objects: PUT of the whole object, and JSON Patch (RFC 6902). */
import { isDeepStrictEqual } from 'node:util';
import { applyPatch as applyOperations, type Operation, Pointer } from 'rfc6902';
import { managedFields } from './facts.ts';
import { knownFields } from './known-fields.ts';
import type { SandboxState, Stored } from './model.ts';
import { badRequest, conflict, type ProblemDetails, type ProblemError } from './problem.ts';
import { findIssues, type Issue } from './schemas.ts';

export interface WriteOptions {
  readonly state: SandboxState;
  /** The Update…Request schema of the result. */
  readonly validateAs: string;
  /** Server-managed fields; by default those that the schema marks. */
  readonly managed?: readonly string[];
  /** Fields that a read may add (expanded objects) and a write ignores. */
  readonly dropped?: readonly string[];
}

const times: ReadonlySet<string> = new Set(['created_at', 'updated_at']);

/**
 * Returns the object that replaces `current` after a PUT. Writable optional fields missing in the body are removed;
 * server-managed ones stay. 400 if the body changes a server-managed field.
 */
export function replaceWhole(current: Stored, body: unknown, options: WriteOptions): Stored {
  const issues = findIssues(options.validateAs, body);
  if (issues.length > 0) throw invalidBody(issues);
  return settle(current, body as Record<string, unknown>, options, (name) => times.has(name));
}

/**
 * Returns a patched copy of `current`. 409 if a `test` fails; 400 for a path that does not exist, a changed
 * server-managed field, or a result that violates the schema.
 */
export function applyPatch(current: Stored, operations: unknown, options: WriteOptions): Stored {
  const steps = operations as Operation[];
  if (steps.length > maxSteps) throw badRequest(`A patch has at most ${maxSteps} steps.`);
  const target = structuredClone(current);
  let copied = 0;
  steps.forEach((step, index) => {
    if (step.op === 'copy') copied += sizeOf(target, step.from);
    if (copied > maxCopied) {
      throw badRequest(`The steps of a patch copy at most ${maxCopied} characters in all.`, {
        parameter: { id: `/${index}`, location: 'body' },
      });
    }
    applyStep(target, step, index);
  });
  const { validateAs, managed = managedFields(validateAs) } = options;
  const taken = managed.find((name) => current[name] !== undefined && target[name] === undefined);
  if (taken) throw managedByServer(taken, undefined);
  const issues = findIssues(validateAs, target);
  if (issues.length > 0) throw invalidResult(issues);
  return settle(current, target, options, () => false);
}

/** Each `copy` of copied values doubles their size. */
const maxSteps = 1000;
const maxCopied = 1_000_000;

/** Characters that a step would copy; 0 if there is nothing, which the step itself reports. */
function sizeOf(target: Stored, from: unknown): number {
  try {
    return JSON.stringify(Pointer.fromJSON(String(from)).get(target))?.length ?? 0;
  } catch {
    return 0;
  }
}

/** Returns a time after `previous`, the current one if possible, so that every change shows in `updated_at`. */
export function laterTimestamp(state: SandboxState, previous: string): string {
  return new Date(Math.max(state.now(), Date.parse(previous) + 1)).toISOString();
}

/** 400 for a body that violates its schema; names the first place and lists all. */
export function invalidBody(issues: readonly Issue[]): ProblemError {
  return badRequest('The request body is not valid.', describeIssues(issues));
}

function invalidResult(issues: readonly Issue[]): ProblemError {
  return badRequest('The patch makes the object invalid.', describeIssues(issues));
}

function describeIssues(issues: readonly Issue[]): ProblemDetails {
  const [first] = issues;
  return {
    detail: issues.map((issue) => `${issue.pointer || 'The body'} ${issue.message}`).join('; '),
    ...(first && {
      parameter: {
        id: first.pointer,
        location: 'body',
        ...(first.value !== undefined && { value: first.value }),
      },
    }),
  };
}

function settle(
  current: Stored,
  wanted: Record<string, unknown>,
  options: WriteOptions,
  mayDiffer: (name: string) => boolean,
): Stored {
  const { state, validateAs, managed = managedFields(validateAs), dropped = [] } = options;
  const next = knownFields(validateAs, wanted);
  for (const name of dropped) delete next[name];
  for (const name of managed) {
    if (dropped.includes(name)) continue;
    const [given, kept] = [next[name] ?? undefined, current[name] ?? undefined];
    const changed = given !== undefined && !isDeepStrictEqual(given, kept);
    if (changed && !mayDiffer(name)) {
      throw managedByServer(name, given);
    }
    if (kept === undefined) delete next[name];
    else next[name] = kept;
  }
  next.updated_at = laterTimestamp(state, current.updated_at);
  return next as Stored;
}

function managedByServer(name: string, value: unknown): ProblemError {
  return badRequest(`${name} is managed by the server and cannot be changed.`, {
    remediation: 'Send it back as it was read.',
    parameter: { id: `/${name}`, location: 'body', ...(value !== undefined && { value }) },
  });
}

function applyStep(target: Stored, step: Operation, index: number): void {
  const needed =
    step.op === 'move' || step.op === 'copy' ? 'from' : step.op === 'remove' ? undefined : 'value';
  if (needed && !Object.hasOwn(step, needed)) {
    throw badRequest(`The step "${step.op}" needs "${needed}".`, {
      parameter: { id: `/${index}/${needed}`, location: 'body' },
    });
  }
  const parameter = { id: `/${index}/path`, location: 'body', value: step.path } as const;
  const [failure] = apply(target, step, parameter);
  if (!failure) return;
  if (failure.name === 'TestError') {
    throw conflict(`The test of ${step.path} failed.`, {
      detail: 'Nothing was changed.',
      remediation: 'Read the object again, and send a patch that fits its present state.',
      parameter,
    });
  }
  throw badRequest(`The step "${step.op}" cannot be done: ${step.path} leads nowhere.`, { parameter });
}

function apply(target: Stored, step: Operation, parameter: ProblemDetails['parameter']): (Error | null)[] {
  try {
    return applyOperations(target, [step]);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw badRequest(`"${step.path}" is not a JSON Pointer.`, { detail, ...(parameter && { parameter }) });
  }
}
