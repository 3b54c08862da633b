import * as z from 'zod';
import { defineOperation } from '../define-operation.ts';
import { clearable, fullname, name, patch, text } from '../schemas/fields.ts';

const invitationSpan = text.nullish().describe('24h to 168h');
const options = z.strictObject({
  invite_duration: invitationSpan,
  forgot_duration: invitationSpan,
  password_duration: text.nullish().describe('24h to 8760h'),
  minimum_password_length: z.int().min(8).max(72).nullish(),
});

export const organizationGet = defineOperation({
  id: 'organization_get',
  group: 'organization',
  method: 'GET',
  path: '/v1/organization',
  effect: 'read',
  pinRule: { kind: 'organization' },
  title: 'Get organization',
  summary: 'Get the organization of the token in use.',
});

export const organizationUpdate = defineOperation({
  id: 'organization_update',
  group: 'organization',
  method: 'PUT',
  path: '/v1/organization',
  effect: 'change',
  pinRule: { kind: 'organization' },
  title: 'Update organization',
  summary: 'Change the given settings of the organization, for all its users; null clears.',
  body: {
    name,
    fullname,
    contact: clearable(text).describe('Email address'),
    reply_to: clearable(text),
    picture: clearable(text).describe('URL'),
    options: clearable(options),
  },
});

export const organizationPatch = defineOperation({
  id: 'organization_patch',
  group: 'organization',
  method: 'PATCH',
  path: '/v1/organization',
  effect: 'change',
  pinRule: { kind: 'organization' },
  title: 'Patch organization',
  summary: 'Change settings of the organization, for all its users, by JSON Patch.',
  body: { patch },
});
