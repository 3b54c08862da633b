import { CallError } from '../../errors.ts';
import type { StopSignal } from '../../lib/cancellation.ts';
import type { Arguments, JsonObject } from '../../lib/json.ts';
import type { RequestContext } from '../../request-context.ts';
import type { CallResult, ToolDefinition } from '../../tools/define-tool.ts';
import { startCall } from '../call-state.ts';
import { runSideBySide } from '../execute/side-by-side.ts';
import { readInputState } from '../input/input-state.ts';
import { finish } from '../outcome.ts';
import { runOperation } from '../run-operation.ts';
import { type Answer, joinAnswers, readAnswer } from './answer.ts';
import { type Expansion, expandCall } from './expand.ts';
import { formatBatch } from './format-batch.ts';
import { type PlannedCall, planBatch } from './plan.ts';
import { saveBatch } from './save-batch.ts';

/** A call of a batch that was made, or could not be. */
export interface MadeCall {
  readonly planned: PlannedCall;
  /** Its arguments, with values in place of paths. */
  readonly args: JsonObject;
  readonly answer?: Answer | undefined;
  /** The error, as the result of a single call has it. */
  readonly error?: JsonObject;
}

/** What became of one call of a batch. */
export interface BatchPart {
  readonly planned: PlannedCall;
  /** The calls that were made for it: several if it takes the items of a list. */
  readonly made: readonly MadeCall[];
  readonly note?: JsonObject | undefined;
}

/** The calls that one batch makes at most, those for the items of lists included. */
const maxMade = 200;

/**
 * Runs read calls side by side, and returns one result for all. Never throws.
 *
 * @param tool the tool that was called, for log and metrics
 * @param raw its arguments
 * @param args its arguments, checked: `calls` and `save_as`
 */
export async function runBatch(
  tool: ToolDefinition,
  raw: unknown,
  args: Arguments,
  context: RequestContext,
  cancelled: StopSignal,
): Promise<CallResult> {
  const call = startCall(tool, raw, context);
  try {
    readInputState(context);
    const planned = await planBatch(args, context);
    const parts = await new Batch(planned, args.save_as, context, cancelled).run();
    if (cancelled.aborted) throw wasCancelled();
    const value =
      args.save_as === undefined
        ? formatBatch(parts, context)
        : await saveBatch(parts, String(args.save_as), context);
    const isFailed = parts.every(({ made }) => made.length > 0 && made.every(({ error }) => error));
    const result = await finish(call, { value, isMasked: true });
    return isFailed ? { ...result, error: new CallError('dependency_failed', 'Every call failed.') } : result;
  } catch (cause) {
    return finish(call, { cause });
  }
}

function wasCancelled(): CallError {
  return new CallError('cancelled', 'The call was cancelled.', { retry: 'safe' });
}

/** One run of a batch. */
class Batch {
  readonly #planned: readonly PlannedCall[];
  readonly #deadline: number;
  readonly #sideBySide: ReturnType<typeof runSideBySide>;
  readonly #report: ((done: number, total: number) => void) | undefined;
  readonly #cancelled: StopSignal;
  readonly #saveAs: unknown;
  #done = 0;
  #total: number;
  #made = 0;

  constructor(
    planned: readonly PlannedCall[],
    saveAs: unknown,
    context: RequestContext,
    cancelled: StopSignal,
  ) {
    this.#saveAs = saveAs;
    this.#planned = planned;
    this.#cancelled = cancelled;
    this.#deadline = Date.now() + context.timeout;
    this.#sideBySide = runSideBySide(context, cancelled);
    this.#report = context.client?.reportProgress;
    this.#total = planned.length;
  }

  async run(): Promise<readonly BatchPart[]> {
    const parts: Promise<BatchPart>[] = [];
    // A path names an earlier call only, whose promise is there.
    for (const planned of this.#planned) parts.push(this.#runPlanned(planned, parts));
    return Promise.all(parts);
  }

  async #runPlanned(planned: PlannedCall, parts: readonly Promise<BatchPart>[]): Promise<BatchPart> {
    const needed = new Map<number, BatchPart>();
    for (const index of planned.needs) needed.set(index, (await parts[index]) as BatchPart);
    const expansion = this.#expand(planned, needed);
    if ('error' in expansion) {
      this.#countDone();
      return { planned, made: [{ planned, args: planned.args, error: expansion.error }] };
    }
    const { calls, note } = expansion;
    this.#total += calls.length - 1;
    this.#made += calls.length;
    const made = await Promise.all(calls.map((args) => this.#make(planned, args)));
    return { planned, made, note };
  }

  #expand(
    planned: PlannedCall,
    needed: ReadonlyMap<number, BatchPart>,
  ): Expansion | { readonly error: JsonObject } {
    try {
      const answers = new Map([...needed].map(([index, part]) => [index, answerOf(part)]));
      return expandCall(planned, (index) => answers.get(index) ?? {}, maxMade - this.#reserved());
    } catch (error) {
      return { error: errorOf(error) };
    }
  }

  /** Calls that were made, and one for each that is still to come. */
  #reserved(): number {
    return this.#made + this.#planned.length;
  }

  async #make(planned: PlannedCall, args: JsonObject): Promise<MadeCall> {
    try {
      return await this.#sideBySide.run(() => this.#send(planned, args));
    } catch (error) {
      // Calls that wait are dropped when the client cancels.
      return { planned, args, error: errorOf(this.#cancelled.aborted ? wasCancelled() : error) };
    } finally {
      this.#countDone();
    }
  }

  async #send(planned: PlannedCall, args: JsonObject): Promise<MadeCall> {
    const { operation, fields, index } = planned;
    if (operation instanceof CallError) return { planned, args, error: errorOf(operation) };
    const timeout = this.#deadline - Date.now();
    if (timeout <= 0)
      return {
        planned,
        args,
        error: errorOf(
          new CallError('timeout', 'Not sent: the time limit left no time for this call.', { retry: 'safe' }),
        ),
      };
    const isSaved = this.#saveAs !== undefined;
    const isNeeded = isSaved || this.#planned.some(({ needs }) => needs.includes(index));
    const given = {
      ...args,
      ...(fields && 'fields' in operation.input.shape && { fields }),
      // All pages are read for a file.
      ...(isSaved && operation.listing && { save_as: this.#saveAs }),
    };
    let answer: Answer | undefined;
    const context = { ...this.#sideBySide.context, timeout };
    const { value, error } = await runOperation(operation, given, context, this.#cancelled, {
      format: (call, stored) => {
        answer = readAnswer(call, stored, { fields, isNeeded });
        return { value: undefined, meta: stored.response, isMasked: true };
      },
    });
    return error
      ? { planned, args, error: (value as { readonly error: JsonObject }).error }
      : { planned, args, answer };
  }

  #countDone(): void {
    this.#done += 1;
    this.#report?.(this.#done, this.#total);
  }
}

const errorOf = (error: unknown): JsonObject =>
  (error instanceof CallError ? error : new CallError('internal', 'The call failed.')).toJSON();

/** What paths read of an earlier call. @throws CallError with its code if it failed */
function answerOf({ planned, made }: BatchPart): JsonObject {
  const answers = made.flatMap(({ answer }) => answer ?? []);
  const failed = made.find(({ error }) => error)?.error;
  if (answers.length === 0 && failed) {
    throw new CallError(
      'dependency_failed',
      `Not sent: call ${planned.index}, whose answer it needs, failed.`,
    );
  }
  return planned.each ? joinAnswers(answers) : (answers[0]?.whole ?? {});
}
