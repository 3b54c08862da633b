import { defineOperation } from '../define-operation.ts';
import { secretsWithin, tokenPairSecrets } from '../response-secrets.ts';
import { organizationId, secret, text } from '../schemas/fields.ts';

export const authLogon = defineOperation({
  id: 'auth_logon',
  group: 'auth',
  method: 'POST',
  path: '/v1/auth/logon/{organization_id}',
  effect: 'create',
  pinRule: { kind: 'organization' },
  title: 'Log a member on',
  summary:
    "Open a session for a member and issue its token pair. The server's own token stays in use. Repeated failures may lock the member.",
  params: { organization_id: organizationId },
  body: { name: text.describe('Email address'), secret: secret(text.describe('Password')) },
  returnsSecret: true,
  secrets: secretsWithin('result.token', tokenPairSecrets),
});

export const authChangePassword = defineOperation({
  id: 'auth_change_password',
  group: 'auth',
  method: 'POST',
  path: '/v1/auth/change_password',
  effect: 'change',
  pinRule: { kind: 'organization' },
  title: 'Change password',
  summary: 'Change the password of the member that the token in use belongs to.',
  body: {
    old_secret: secret(text.describe('Current password')),
    new_secret: secret(text.describe('8 to 71 characters, not a common one')),
  },
});

export const authLogoff = defineOperation({
  id: 'auth_logoff',
  group: 'auth',
  method: 'POST',
  path: '/v1/auth/logoff',
  effect: 'destroy',
  pinRule: { kind: 'organization' },
  idempotent: true,
  title: 'Log off',
  summary:
    'End the session of the token in use. This server can then make no calls until it gets a new token.',
});
