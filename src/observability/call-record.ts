import type { ErrorCode } from '../errors.ts';

/** A finished call, as logs and metrics record it. */
export interface CallRecord {
  readonly tool: string;
  /** `ok` or the error code. */
  readonly outcome: 'ok' | ErrorCode;
  readonly milliseconds: number;
  /** HTTP status of Synqly's last response. */
  readonly status: number | undefined;
}
