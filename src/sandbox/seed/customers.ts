/* Sample customers: accounts with their credentials, bridges and integrations. */
import type { Stored } from '../model.ts';
import type { SeedContext } from './actor.ts';
import { type Customer, inventCustomers } from './names.ts';
import type { SeedActors } from './organization.ts';
import { connectorOf, type Recipe, recipes, testRecipes } from './providers.ts';

/** The current health of a sample integration. */
export type SampleHealth = 'healthy' | 'refused' | 'unreachable' | 'degraded' | 'idle';

/** A sample integration and its health. */
export interface Invention {
  readonly integration: Stored;
  readonly health: SampleHealth;
}

const minute = 60_000;

/**
 * Adds `count` customers over `span` milliseconds. The first integrations have one of each health, so that small
 * sandboxes show all.
 */
export function addCustomers(stage: SeedContext, cast: SeedActors, count: number, span: number): Invention[] {
  const { random, advance } = stage;
  const inventions: Invention[] = [];
  const pause = Math.floor(span / count);
  inventCustomers(count, random).forEach((customer, index) => {
    const work = Math.min(pause, 4 * 60 * minute);
    addCustomer(stage, cast, customer, index, work, inventions);
    advance(pause - work);
  });
  return inventions;
}

function addCustomer(
  stage: SeedContext,
  cast: SeedActors,
  customer: Customer,
  index: number,
  work: number,
  inventions: Invention[],
): void {
  const { act, advance, random } = stage;
  const { name, fullname, labels, environment } = customer;
  const kinds = chooseRecipes(customer, index, stage);
  const step = Math.floor(work / (kinds.length + 2));
  const created = act('accounts_create', {}, { name, fullname, labels, environment }, cast.provisioner);
  const account = created.account as Stored;
  advance(step);
  const bridged = environment === 'prod' && index % 5 === 0;
  if (bridged) addBridge(stage, cast, account);
  if (environment === 'prod' && index % 4 === 0) addCredential(stage, cast, account);
  advance(step);
  for (const recipe of kinds) {
    const health = chooseFate(inventions.length, environment, stage);
    const integration = addIntegration(stage, cast, { customer, account, recipe, health });
    inventions.push({ integration, health });
    advance(step + random.int(0, 1));
  }
}

function chooseRecipes({ environment }: Customer, index: number, { random }: SeedContext): Recipe[] {
  const from = environment === 'test' ? testRecipes : recipes;
  const count = environment === 'test' ? 2 : random.int(2, 4);
  // A stride that is coprime to the number of recipes reaches all of them.
  return Array.from({ length: count }, (_, at) => from[(index * 5 + at) % from.length] as Recipe);
}

const opening: readonly SampleHealth[] = ['healthy', 'refused', 'degraded', 'idle', 'unreachable'];

function chooseFate(number: number, environment: string, { random }: SeedContext): SampleHealth {
  if (environment === 'test') return number % 2 === 0 ? 'healthy' : 'idle';
  const [first] = opening.slice(number);
  if (first) return first;
  if (random.chance(0.8)) return 'healthy';
  return random.pick(opening.slice(1));
}

interface Wanted {
  readonly customer: Customer;
  readonly account: Stored;
  readonly recipe: Recipe;
  readonly health: SampleHealth;
}

function addIntegration(
  stage: SeedContext,
  cast: SeedActors,
  { customer, account, recipe, health }: Wanted,
): Stored {
  const { act, state, random } = stage;
  const refused = health === 'refused';
  const secret = () => (refused ? `invalid-${state.newSecret(12)}` : state.newSecret(24));
  const body = {
    name: recipe.type.replaceAll('_', '-'),
    fullname: `${recipe.title} of ${customer.fullname}`,
    integration_point_id: connectorOf(recipe),
    provider_config: { type: recipe.type, ...recipe.fields({ customer, random, secret }) },
  };
  const person = customer.environment === 'test' ? cast.manager : cast.provisioner;
  return act('integrations_create', { accountId: account.id }, body, person).integration as Stored;
}

function addBridge({ act }: SeedContext, cast: SeedActors, account: Stored): void {
  const body = {
    name: 'datacenter',
    fullname: 'Data center',
    description: 'Reaches the systems that are not on the internet.',
    labels: ['site:main'],
  };
  act('bridges_create', { accountId: account.id }, body, cast.administrator);
}

function addCredential({ act, state }: SeedContext, cast: SeedActors, account: Stored): void {
  const body = {
    name: 'shared-service-account',
    fullname: 'Shared service account',
    owner_type: 'account',
    config: { type: 'basic', username: 'svc-synqly', secret: state.newSecret(18) },
  };
  act('credentials_create', { ownerId: account.id }, body, cast.provisioner);
}
