import type { ErrorCode } from '../errors.ts';

/** What is told of a finished call: to the log, and to whoever counts. */
export interface CallRecord {
  readonly tool: string;
  /** `ok`, or the error's code. */
  readonly outcome: 'ok' | ErrorCode;
  readonly milliseconds: number;
  /** HTTP status that Synqly answered last. */
  readonly status: number | undefined;
}
