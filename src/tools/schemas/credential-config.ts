import * as z from 'zod';
import { openObject, secret, text } from './fields.ts';

/** Type and secret values of a credential. Responses hold only the type. */
export const credentialConfig = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('token'), secret: secret(text) }),
  z.strictObject({ type: z.literal('basic'), username: text, secret: secret(text) }),
  z.strictObject({ type: z.literal('secret'), secret: secret(text) }),
  z.strictObject({
    type: z.literal('o_auth_client'),
    client_id: text,
    client_secret: secret(text),
    token_url: text.optional(),
    extra: openObject.optional(),
  }),
  z.strictObject({
    type: z.literal('aws'),
    access_key_id: text,
    secret_access_key: secret(text),
    session: secret(text).optional(),
  }),
  z.strictObject({
    type: z.literal('aws_role'),
    role_arn: text,
    external_id: text,
    role_session_name: text.optional(),
    duration: z.int().min(900).optional().describe('Seconds'),
  }),
  z.strictObject({ type: z.literal('tls_certificate'), certificate: text, private_key: secret(text) }),
]);
