/** The result of one check. Programs rely on the names of checks. */
export interface Check {
  readonly check: string;
  /** `skipped`: it does not apply, or could not be made because another check found a problem. */
  readonly status: 'ok' | 'problem' | 'skipped';
  /** A sentence or a value, without secrets. */
  readonly message: string;
  /** What to do about a problem. */
  readonly remediation?: string;
  /** The message in parts, for programs. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A check that found everything as it should be. */
export function passed(check: string, message: string, details?: Check['details']): Check {
  return { check, status: 'ok', message, ...(details && { details }) };
}

/** A check that found a problem, and what to do about it. */
export function failed(
  check: string,
  message: string,
  remediation: string,
  details?: Check['details'],
): Check {
  return { check, status: 'problem', message, remediation, ...(details && { details }) };
}

/** A check that was not made. */
export function skipped(check: string, message: string, details?: Check['details']): Check {
  return { check, status: 'skipped', message, ...(details && { details }) };
}
