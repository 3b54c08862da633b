import * as z from 'zod';
import { defineOperation } from '../define-operation.ts';
import {
  byName,
  clearable,
  filter,
  fullname,
  limit,
  memberId,
  name,
  order,
  patch,
  startAfter,
  text,
} from '../schemas/fields.ts';
import { memberType, newMember, roleBinding } from '../schemas/member.ts';

const member = { member_id: memberId };

export const membersList = defineOperation({
  id: 'members_list',
  group: 'members',
  method: 'GET',
  path: '/v1/members',
  effect: 'read',
  pinRule: { kind: 'organization' },
  title: 'List members',
  listing: { columns: ['name', 'fullname', 'state', 'type', 'role_binding', 'last_logon'], cursor: byName },
  summary: 'List the people and service accounts of the organization.',
  query: { limit, start_after: startAfter, order, filter },
});

export const membersCreate = defineOperation({
  id: 'members_create',
  group: 'members',
  method: 'POST',
  path: '/v1/members',
  effect: 'create',
  pinRule: { kind: 'organization' },
  title: 'Create member',
  summary: 'Add a person or a service account with an initial password and roles.',
  body: newMember,
});

export const membersGet = defineOperation({
  id: 'members_get',
  group: 'members',
  method: 'GET',
  path: '/v1/members/{member_id}',
  effect: 'read',
  pinRule: { kind: 'organization' },
  title: 'Get member',
  summary: 'Get one member.',
  params: member,
});

export const membersUpdate = defineOperation({
  id: 'members_update',
  group: 'members',
  method: 'PUT',
  path: '/v1/members/{member_id}',
  effect: 'change',
  pinRule: { kind: 'organization' },
  title: 'Update member',
  summary: 'Change the given fields of a member, such as roles or state; null clears.',
  params: member,
  body: {
    name,
    fullname,
    state: z.enum(['disabled', 'enabled', 'forgotten', 'invited', 'locked']).optional(),
    nickname: clearable(text),
    picture: clearable(text),
    ttl: text.optional().describe('Password lifetime, such as 4320h'),
    token_ttl: text.optional(),
    expires: text.optional().describe('When the password must be changed, RFC 3339'),
    role_binding: roleBinding.optional().describe('Role names; replaces all'),
    type: memberType.optional(),
  },
});

export const membersPatch = defineOperation({
  id: 'members_patch',
  group: 'members',
  method: 'PATCH',
  path: '/v1/members/{member_id}',
  effect: 'change',
  pinRule: { kind: 'organization' },
  title: 'Patch member',
  summary: 'Change a member by JSON Patch, such as adding a role at /role_binding/-.',
  params: member,
  body: { patch },
});

export const membersDelete = defineOperation({
  id: 'members_delete',
  group: 'members',
  method: 'DELETE',
  path: '/v1/members/{member_id}',
  effect: 'destroy',
  pinRule: { kind: 'organization' },
  title: 'Delete member',
  summary: 'Delete a member with all their tokens. Final.',
  params: member,
});
