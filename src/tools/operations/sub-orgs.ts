import * as z from 'zod';
import { defineOperation } from '../define-operation.ts';
import { secretsWithin, tokenPairSecrets } from '../response-secrets.ts';
import { abbreviated, fullname, newName, organizationId, text } from '../schemas/fields.ts';
import { newMember } from '../schemas/member.ts';

export const subOrgsList = defineOperation({
  id: 'subOrgs_list',
  group: 'sub-orgs',
  method: 'GET',
  path: '/v1/suborgs',
  effect: 'read',
  pinRule: { kind: 'organization' },
  title: 'List sub-organizations',
  listing: { columns: ['name', 'fullname', 'organization_type', 'state'] },
  summary: 'List the organizations below this one. Probably for root organizations only.',
});

export const subOrgsCreate = defineOperation({
  id: 'subOrgs_create',
  group: 'sub-orgs',
  method: 'POST',
  path: '/v1/suborgs',
  effect: 'create',
  pinRule: { kind: 'organization' },
  title: 'Create sub-organization',
  summary: 'Create an organization below this one, with a token pair and, if given, its first member.',
  body: {
    name: newName,
    fullname,
    contact: text.optional().describe('Email address'),
    reply_to: text.optional(),
    picture: text.optional().describe('URL'),
    member: abbreviated(z.strictObject(newMember), 'As in members_create: {name, secret, ...}').optional(),
  },
  secrets: secretsWithin('result.token', tokenPairSecrets),
});

export const subOrgsGet = defineOperation({
  id: 'subOrgs_get',
  group: 'sub-orgs',
  method: 'GET',
  path: '/v1/suborgs/{organization_id}',
  effect: 'read',
  pinRule: { kind: 'organization' },
  title: 'Get sub-organization',
  summary: 'Get one sub-organization.',
  params: { organization_id: organizationId },
});

export const subOrgsDelete = defineOperation({
  id: 'subOrgs_delete',
  group: 'sub-orgs',
  method: 'DELETE',
  path: '/v1/suborgs/{organization_id}',
  effect: 'destroy',
  pinRule: { kind: 'organization' },
  title: 'Delete sub-organization',
  summary: 'Delete a whole sub-organization: all its accounts, members and tokens. Final.',
  params: { organization_id: organizationId },
});
