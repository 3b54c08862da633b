import * as z from 'zod';
import { fullname, secret, text, texts } from './fields.ts';

export const memberType = z.enum(['personal', 'service']);
export const roleBinding = texts.describe('Role names');

/** A new member; also the first member of a new sub-organization. */
export const newMember = {
  name: text.describe('Email address; any unique name for a service account'),
  fullname,
  nickname: text.optional(),
  picture: text.optional().describe('URL'),
  secret: secret(text.min(8).max(72).describe('Password of 8 to 71 characters, not a common one')),
  role_binding: roleBinding.optional().describe('Role names; default member'),
  options: z
    .strictObject({
      ttl: text.optional().describe('Password lifetime, such as 4320h'),
      options: z
        .array(z.enum(['disabled', 'expired', 'forgotten', 'invited', 'locked']))
        .optional()
        .describe('Initial state; expired forces a password change'),
      token_ttl: text.optional(),
    })
    .optional(),
  type: memberType.optional(),
};
