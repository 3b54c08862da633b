import { CallError, errorCodes } from '../../errors.ts';
import type { JsonObject } from '../../lib/json.ts';
import { describeRecipe, generateSecret, readRecipe } from '../../secrets/generate.ts';
import { type PlacedReference, referenceError } from '../../secrets/reference.ts';
import type { OperationCall } from '../call-state.ts';

/*
 * Secrets that the server generates for one call. They are kept right before the request is sent, so that a secret that Synqly
 * has is never lost, and forgotten if Synqly surely has not taken them.
 */

/** The generated secrets of a call. */
export interface GeneratedSecrets {
  readonly values: readonly { readonly path: readonly string[]; readonly value: string }[];
  /** Keeps the secrets. @throws CallError `secret_refused` when that is not possible */
  keep(): Promise<void>;
  /** Forgets the secrets, also those that are just being kept. */
  forget(): Promise<void>;
  /** Where the secrets are kept, for the result. It may hold the secrets themselves (`--reveal-secrets`). */
  readonly kept: readonly JsonObject[];
  /** Whether an attempt that was repeated may have taken effect. */
  isUncertain: boolean;
  /** Whether Synqly has surely not taken the secrets. */
  isRefused: boolean;
}

/** Whether the server generates the secret of a reference. */
export const isGenerate = ({ reference }: PlacedReference): boolean => reference.kind === 'generate';

/** What is wrong with a reference that generates a secret; undefined if nothing is. */
export function generateProblem({ reference }: PlacedReference, isTested: boolean): string | undefined {
  const recipe = readRecipe(reference.name);
  if (typeof recipe === 'string') return recipe;
  return isTested ? 'cannot be a new secret: the step compares it with the stored one' : undefined;
}

/**
 * Refuses a call that generates secrets if nobody could learn or use them afterwards: no result shows them, and the server
 * stores none, so that there is neither a file nor a reference.
 *
 * @throws CallError `secret_refused`, and `secret_reference` for too many
 */
export function assertGeneratedUsable({ references, context }: OperationCall): void {
  const places = references.filter(isGenerate).map(({ path }) => problemAt(path));
  if (places.length > maxGenerated)
    throw referenceError(`A call can generate at most ${maxGenerated} secrets.`);
  if (places.length === 0 || context.revealSecrets || context.secrets.generated) return;
  throw new CallError(
    'secret_refused',
    'A generated secret would be lost: over HTTP this server neither stores secrets nor shows them.',
    { arguments: places },
  );
}

/** Secrets that a call generates at most: a result has to name them all. */
const maxGenerated = 20;

const problemAt = (path: readonly string[]) => ({
  argument: path.join('.'),
  problem: 'would generate a secret that nobody can read or use later',
});

/** What a call generates when it is sent, by argument; undefined if nothing. */
export function describeGenerated(references: readonly PlacedReference[]): JsonObject | undefined {
  const generated = references.filter(isGenerate).flatMap(({ path, reference }) => {
    const recipe = readRecipe(reference.name);
    return typeof recipe === 'string' ? [] : [[path.join('.'), describeRecipe(recipe)] as const];
  });
  return generated.length === 0 ? undefined : Object.fromEntries(generated);
}

/** Generates the secrets of a call, one for each reference. Nothing is stored yet. */
export function generateSecrets(call: OperationCall): GeneratedSecrets | undefined {
  const values = call.references.filter(isGenerate).flatMap(({ path, reference }) => {
    const recipe = readRecipe(reference.name);
    return typeof recipe === 'string' ? [] : [{ path, value: generateSecret(recipe) }];
  });
  if (values.length === 0) return undefined;
  call.secrets.push(...values.map(({ value }) => value));
  const { secrets, revealSecrets, log } = call.context;
  const kept: JsonObject[] = [];
  let keeping: Promise<void> | undefined;
  let isForgotten = false;

  const keepAll = async (): Promise<void> => {
    for (const { path, value } of values) {
      if (isForgotten) return;
      const stored = await secrets.generated?.keep(value);
      const isReadable = revealSecrets || stored?.file !== undefined;
      kept.push({
        argument: path.join('.'),
        ...stored,
        ...(revealSecrets && { secret: value }),
        ...(!isReadable && { note: unreadableNote }),
      });
    }
  };
  return {
    values,
    keep: async () => {
      keeping ??= keepAll();
      try {
        await keeping;
      } catch (error) {
        throw error instanceof CallError ? error : cannotBeWritten(error);
      }
    },
    forget: async () => {
      isForgotten = true;
      // Whatever it throws, the call has failed already.
      await keeping?.catch(() => {});
      kept.length = 0;
      for (const { value } of values) {
        await secrets.generated?.forget(value).catch((err) => {
          log.error({ err, tool: call.tool.id }, 'a generated secret could not be deleted from --secret-dir');
        });
      }
    },
    kept,
    isUncertain: false,
    isRefused: false,
  };
}

const unreadableNote =
  'Only later calls can use it, until this server ends. No person can read it: that needs --secret-dir.';

function cannotBeWritten(cause: unknown): CallError {
  return new CallError('secret_refused', 'The generated secret could not be written to --secret-dir.', {
    cause,
    remediation: 'The administrator must check the directory of --secret-dir. Nothing was sent.',
  });
}

/** What a result says of the generated secrets of a call. Secrets in it are to be shown, so it is not masked. */
export function generatedPart({ generated }: OperationCall): JsonObject {
  return generated && generated.kept.length > 0 ? { generated_secrets: generated.kept } : {};
}

/** Notes that Synqly has not taken the secrets, if the error of the request says so. */
export function noteRefusal({ generated }: OperationCall, error: unknown): void {
  if (generated && error instanceof CallError && !generated.isUncertain && isRefusal(error))
    generated.isRefused = true;
}

/** Whether the request surely had no effect. An error above 500 may come from a gateway behind which it goes on. */
function isRefusal({ retry, details: { done, status = 0 } }: CallError): boolean {
  return retry !== 'check' && !done && (status < 500 || status === 501);
}

/**
 * After a failure, forgets the generated secrets of the call if they were not sent or were refused. Otherwise they are kept, and
 * the error says so.
 */
export async function settleGenerated(call: OperationCall, error: unknown): Promise<unknown> {
  const { generated, context, tool } = call;
  if (!generated) return error;
  if (!call.isSent || generated.isRefused) {
    await generated.forget();
    return error;
  }
  const kept = generated.kept.map(({ secret, note, ...place }) => place);
  // A client that has cancelled the call gets no result. The logger withholds fields that are named after secrets.
  context.log.warn({ tool: tool.id, kept }, 'a generated secret is kept: the call may have taken effect');
  if (!(error instanceof CallError)) return error;
  const { code, message, details } = error;
  const next = details.remediation ?? errorCodes[code].remediation;
  const remediation = `${next} ${context.secrets.generated ? keptAdvice : shownAdvice}`;
  return new CallError(code, message, { ...details, remediation });
}

const keptAdvice =
  'Synqly may have the generated secret, so it is kept: see generated_secrets. To call again, give its reference in place of ${generate:...}.';
const shownAdvice =
  'Synqly may have the generated secret: see generated_secrets. To call again, give that secret in place of ${generate:...}.';
