import * as z from 'zod';
import type { Effect, Fields } from '../define-operation.ts';
import { openObject, text } from '../schemas/fields.ts';

/** A tool of this server's own, about calls of operations. */
export interface Helper {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  /** What calling it can do to the organization. */
  readonly effect: Effect;
  readonly idempotent: boolean;
  readonly params: Fields;
  readonly input: z.ZodObject;
}

export const confirmCall: Helper = {
  id: 'confirm_call',
  title: 'Carry out a confirmed call',
  summary:
    'Carry out, once, the call that answered confirmation_required. Only after the person has seen its preview and agreed.',
  effect: 'destroy',
  idempotent: false,
  params: {},
  input: z.strictObject({ id: text.describe('Of the confirmation') }),
};

export const previewCall: Helper = {
  id: 'preview_call',
  title: 'Preview a call',
  summary: 'Show what a call would send and change, and what a delete would take along. Changes nothing.',
  effect: 'read',
  idempotent: true,
  params: {},
  input: z.strictObject({ tool: text, arguments: openObject.optional() }),
};

export const whoami: Helper = {
  id: 'whoami',
  title: 'Show what this server may do',
  summary: 'Show what the token may do, and which tools are left out and why.',
  effect: 'read',
  idempotent: true,
  params: {},
  input: z.strictObject({}),
};

export const showPart: Helper = {
  id: 'show_part',
  title: 'Show part of a result',
  summary: 'Read on where a result was cut.',
  effect: 'read',
  idempotent: true,
  params: {},
  input: z.strictObject({ tool: text, arguments: openObject.optional(), part: text }),
};

/** All of them. */
export const helpers: readonly Helper[] = [confirmCall, previewCall, showPart, whoami];
