/* Creates a sample organization with a history of about half a year. */
import type { SandboxState } from './model.ts';
import { createRandom } from './random.ts';
import { createStage, type SeedContext } from './seed/actor.ts';
import { addCustomers } from './seed/customers.ts';
import { recordDay, runJobs, runTraffic } from './seed/history.ts';
import { addOrganizationObjects, configureOrganization, type SeedActors } from './seed/organization.ts';
import { lifetimes } from './token-service.ts';

/** The size of the sample data, or the number of accounts. */
export type SandboxSize = keyof typeof accountsBySize | number;

const accountsBySize = { small: 3, medium: 12, large: 400 } as const;

const hour = 3600_000;
const day = 24 * hour;

export interface SeedOptions {
  readonly seed: number;
  readonly size: SandboxSize;
  /** Sets the state's clock to this many milliseconds before the present. */
  readonly rewind: (milliseconds: number) => void;
}

/** Parses a size of the command line. Throws an Error that lists the choices. */
export function parseSize(text: string): SandboxSize {
  if (Object.hasOwn(accountsBySize, text)) return text as keyof typeof accountsBySize;
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  throw new Error(
    `The size "${text}" is neither ${Object.keys(accountsBySize).join(', ')} nor a number of accounts.`,
  );
}

/** Fills an empty state, and then sets its clock to the present. */
export function seedState(state: SandboxState, { seed, size, rewind }: SeedOptions): void {
  const accounts = typeof size === 'number' ? size : accountsBySize[size];
  let behind = 200 * day;
  const advance = (milliseconds: number) => {
    behind -= milliseconds;
    rewind(behind);
  };
  advance(0);
  const stage = createStage(state, createRandom(seed, 'seed'), advance);
  configureOrganization(stage);
  advance(hour);
  const cast = addOrganizationObjects(stage);
  addSubOrganization(stage, cast);
  const inventions = addCustomers(stage, cast, accounts, behind - 2 * day);
  advance(behind - day);
  addTokens(stage, cast);
  recordDay(stage, cast, inventions, day);
  rewind(0);
  runTraffic(stage, inventions);
  runJobs(stage, inventions);
}

function addSubOrganization({ act, advance }: SeedContext, cast: SeedActors): void {
  advance(day);
  const body = {
    name: 'kestrelmoor-labs',
    fullname: 'Kestrelmoor Labs',
    contact: 'labs@kestrelmoor.example',
  };
  act('subOrgs_create', {}, body, cast.administrator);
}

// One active, one expired.
function addTokens({ state }: SeedContext, { provisioner, support }: SeedActors): void {
  const { id } = state.organization;
  const common = {
    kind: 'organization',
    type: 'adhoc',
    owner: { id, type: 'organization' },
    lifetime: lifetimes.adhocObject,
  } as const;
  state.tokens.issue({
    ...common,
    name: 'ci-pipeline',
    fullname: 'CI pipeline',
    memberId: provisioner.memberId,
    ttl: 720 * hour,
    rights: {
      permissionSet: 'account-manager',
      resources: { accounts: { ids: ['*'], environments: ['test'] } },
    },
  });
  state.tokens.issue({
    ...common,
    name: 'status-dashboard',
    fullname: 'Status dashboard',
    memberId: support.memberId,
    ttl: hour,
    rights: { permissionSet: 'viewer', resources: {} },
  });
}
