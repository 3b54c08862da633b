/*
 * The state of one sandbox: collections, clock, seeded ids.
 */
import { createCollection } from './collection.ts';
import type { BaseState, EntityKind, SandboxState, Stored } from './model.ts';
import { createRandom } from './random.ts';
import { createTokenService } from './token-service.ts';
import { createUsage } from './usage.ts';

export interface SandboxStateOptions {
  /** Seed of all ids, secrets and sample data. */
  readonly seed: number;
  /** Current time in milliseconds. */
  readonly clock: () => number;
}

const scopes: Readonly<Partial<Record<EntityKind, (object: Stored) => string | undefined>>> = {
  integration: (object) => object.account_id as string,
  credential: (object) =>
    (object.integration_id ??
      object.integration_point_id ??
      object.organization_webhook_id ??
      object.account_id) as string,
};

const kinds: readonly EntityKind[] = [
  'account',
  'integration_point',
  'integration',
  'credential',
  'bridge',
  'mapping',
  'member',
  'role',
  'organization_webhook',
  'sub_org',
];

/** Creates an empty state: an unnamed organization without objects. */
export function createState({ seed, clock }: SandboxStateOptions): SandboxState {
  const random = createRandom(seed, 'world');
  const timestamp = () => new Date(clock()).toISOString();
  const base: BaseState = {
    organization: nameObject({ name: 'organization' }, random.uuid(), timestamp()),
    credentialSecrets: new Map(),
    passwords: new Map(),
    subStates: new Map(),
    jobs: [],
    jobRuns: [],
    audit: [],
    now: clock,
    timestamp,
    newId: () => random.uuid(),
    newSecret: (bytes = 32) => Buffer.from(random.bytes(bytes)).toString('base64url'),
    newNamed: (given: Parameters<SandboxState['newNamed']>[0]) =>
      nameObject(given, random.uuid(), timestamp()),
    collections: Object.fromEntries(
      kinds.map((kind) => {
        const scopeOf = scopes[kind];
        return [kind, createCollection(scopeOf ? { kind, scopeOf } : { kind })];
      }),
    ) as SandboxState['collections'],
  };
  return Object.assign(base, { tokens: createTokenService(base), usage: createUsage(base) });
}

/** Returns the fields of every new named object: the name is made from `fullname`, or is the id. */
export function nameObject(
  given: { name?: string | undefined; fullname?: string | undefined },
  id: string,
  time: string,
): Stored {
  const name = given.name || shorten(given.fullname ?? '') || id;
  return { id, name, fullname: given.fullname || name, created_at: time, updated_at: time };
}

function shorten(fullname: string): string {
  const plain = fullname.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  // It has no double hyphens.
  return plain.replace(/[^a-z0-9_]+/g, '-').replace(/^-|-$/g, '');
}
