import { catalogue } from '../../src/tools/catalogue.ts';
import { type Ground, makeTarget } from './destroys.ts';

type Arguments = Record<string, unknown>;

/** Every operation that changes fields of an object: `*_update` and `*_patch`. */
export const changing = catalogue
  .filter(({ effect, id }) => effect === 'change' && /_(update|patch)$/.test(id))
  .map(({ id }) => id);

type Step = readonly [op: string, path: string, value?: unknown];

/** For each group what an update sets, and what a patch does. */
const changes: Record<string, { readonly update: Arguments; readonly patch: readonly Step[] }> = {
  accounts: {
    update: { name: 'renamed-by-update', fullname: 'Renamed', environment: 'test', labels: ['a', 'b'] },
    patch: [
      ['replace', '/name', 'renamed-by-patch'],
      ['add', '/labels', ['c']],
      ['add', '/labels/-', 'd'],
    ],
  },
  bridges: {
    update: { fullname: 'Renamed', description: 'New', labels: ['a'] },
    patch: [['add', '/description', 'New']],
  },
  credentials: {
    update: {
      fullname: 'Renamed',
      expires: '2030-01-01T00:00:00Z',
      config: { type: 'token', secret: 'the-next-secret-of-it' },
    },
    patch: [
      ['replace', '/fullname', 'Renamed'],
      ['add', '/expires', '2031-01-01T00:00:00Z'],
    ],
  },
  integrationPoints: {
    update: { description: 'New', environments: { prod: ['*'] } },
    patch: [
      ['replace', '/environments/test', []],
      ['add', '/environments/prod', ['siem_splunk', 'siem_mock_siem']],
    ],
  },
  integrations: {
    update: { fullname: 'Renamed', provider_config: { type: 'siem_mock_siem', name: 'other' } },
    patch: [['replace', '/fullname', 'Renamed']],
  },
  mappings: {
    update: { data: '{"host": "$.name"}', fullname: 'Renamed' },
    patch: [['replace', '/data', '{"other": "$.name"}']],
  },
  members: {
    update: { nickname: 'Nick', state: 'disabled', role_binding: ['viewer'] },
    patch: [
      ['add', '/nickname', 'Patch'],
      ['add', '/role_binding/-', 'viewer'],
    ],
  },
  organization: {
    update: { contact: 'new@example.com', options: { minimum_password_length: 20 } },
    patch: [
      ['replace', '/fullname', 'Renamed'],
      ['add', '/reply_to', 'reply@example.com'],
    ],
  },
  organizationWebhooks: {
    update: { url: 'https://elsewhere.example.com/hook', filters: ['account_create'] },
    patch: [
      ['replace', '/filters', ['account_create', 'account_delete']],
      ['replace', '/environment', 'test'],
    ],
  },
  roles: {
    update: { description: 'New', permission_set: 'administrator' },
    patch: [['add', '/resources', { accounts: { ids: ['*'], environments: ['test'] } }]],
  },
};

/** Makes an object; gives the arguments that change it, and those that name it. */
export async function makeChange(
  tool: string,
  ground: Ground,
): Promise<{ readonly args: Arguments; readonly naming: Arguments }> {
  const [group = '', verb] = tool.split('_');
  const change = changes[group];
  if (!change) throw new Error(`Nothing is known that ${tool} changes.`);
  const { args: naming } =
    group === 'organization' ? { args: {} } : await makeTarget(`${group}_delete`, ground);
  const steps = change.patch.map(([op, path, value]) => ({ op, path, value }));
  return { naming, args: { ...naming, ...(verb === 'patch' ? { patch: steps } : change.update) } };
}
