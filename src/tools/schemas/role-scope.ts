import * as z from 'zod';
import { category, environment, texts } from './fields.ts';

/** The fixed permission sets. */
export const permissionSet = z.enum([
  'administrator',
  'viewer',
  'member',
  'account-manager',
  'connect-ui',
  'token-issuer',
  'mcp-integrations-use-only',
  'mcp-management',
]);

/** The permission set of a new role or token. */
export const grantedPermissionSet = permissionSet.describe('See permissionset_list');

const idsOrAll = texts.describe('Ids, or * for all');

/** The resources that a role or a token covers. Each part limits it further. */
export const roleScope = z.strictObject({
  organizations: z.strictObject({ ids: idsOrAll, labels: texts.nullish() }).nullish(),
  accounts: z
    .strictObject({
      ids: idsOrAll,
      labels: texts.nullish(),
      environments: z.array(environment).nullish(),
    })
    .nullish(),
  integrations: z.strictObject({ categories: z.array(category) }).nullish(),
});
