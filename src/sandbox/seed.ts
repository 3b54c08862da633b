/*
 * Invents an organization: about half a year of its past, told by what it left in the state.
 */
import type { SandboxState } from './model.ts';
import { createRandom } from './random.ts';
import { createStage, type Stage } from './seed/actor.ts';
import { addCustomers } from './seed/customers.ts';
import { recordDay, runJobs, runTraffic } from './seed/history.ts';
import { type Cast, equipOrganization, foundOrganization } from './seed/organization.ts';
import { lifetimes } from './token-service.ts';

/** How much to invent, or the number of accounts. */
export type SandboxSize = keyof typeof accountsBySize | number;

const accountsBySize = { small: 3, medium: 12, large: 400 } as const;

const hour = 3600_000;
const day = 24 * hour;

export interface SeedOptions {
  readonly seed: number;
  readonly size: SandboxSize;
  /** Sets the state's clock to so many milliseconds before the present. */
  readonly rewind: (milliseconds: number) => void;
}

/** Reads a size from the command line. Throws an Error that names the choices. */
export function parseSize(text: string): SandboxSize {
  if (Object.hasOwn(accountsBySize, text)) return text as keyof typeof accountsBySize;
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  throw new Error(
    `The size "${text}" is neither ${Object.keys(accountsBySize).join(', ')} nor a number of accounts.`,
  );
}

/** Fills an empty state. Afterwards its clock shows the present. */
export function seedState(state: SandboxState, { seed, size, rewind }: SeedOptions): void {
  const accounts = typeof size === 'number' ? size : accountsBySize[size];
  let behind = 200 * day;
  const advance = (milliseconds: number) => {
    behind -= milliseconds;
    rewind(behind);
  };
  advance(0);
  const stage = createStage(state, createRandom(seed, 'seed'), advance);
  foundOrganization(stage);
  advance(hour);
  const cast = equipOrganization(stage);
  addSubOrganization(stage, cast);
  const inventions = addCustomers(stage, cast, accounts, behind - 2 * day);
  advance(behind - day);
  addTokens(stage, cast);
  recordDay(stage, cast, inventions, day);
  rewind(0);
  runTraffic(stage, inventions);
  runJobs(stage, inventions);
}

function addSubOrganization({ act, advance }: Stage, cast: Cast): void {
  advance(day);
  const body = {
    name: 'kestrelmoor-labs',
    fullname: 'Kestrelmoor Labs',
    contact: 'labs@kestrelmoor.example',
  };
  act('subOrgs_create', {}, body, cast.administrator);
}

// One in use, one that has expired.
function addTokens({ state }: Stage, { provisioner, support }: Cast): void {
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
