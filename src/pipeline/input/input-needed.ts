import { CallError, type ErrorCode } from '../../errors.ts';
import type { InputRequired } from '../../tools/input-required.ts';

/**
 * Ends a call that needs the person first. It is recorded like an error with this code, and the client gets the questions
 * in place of an error.
 */
export class InputNeeded extends CallError {
  readonly inputRequired: InputRequired;

  constructor(code: ErrorCode, message: string, inputRequired: InputRequired) {
    super(code, message);
    this.name = 'InputNeeded';
    this.inputRequired = inputRequired;
  }
}
