import type { HiddenReason } from './visibility.ts';

/** Why an operation is not available, as a part of a sentence. */
export const hiddenReasonTexts: Readonly<Record<HiddenReason, string>> = {
  pins: 'it affects more than this server is pinned to',
  selection: 'the administrator has not selected it',
  read_only: 'this server is read-only',
  permissions: "the token's permissions do not allow it",
};
