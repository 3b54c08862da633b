/* Sample names. None is meant to be a real company or person. */
import type { Random } from '../random.ts';

/** A customer of the sample organization: a production account, and for some also a test account. */
export interface Customer {
  readonly name: string;
  readonly fullname: string;
  readonly labels: readonly string[];
  readonly environment: 'test' | 'prod';
}

const customers: readonly (readonly [fullname: string, ...labels: string[]])[] = [
  ['Aldermere Logistics', 'tier:gold', 'region:eu', 'sector:transport'],
  ['Quillbank Credit Union', 'tier:gold', 'region:us', 'sector:finance'],
  ['Fennick Robotics', 'tier:silver', 'region:us', 'sector:industry'],
  ['Oakhollow Clinics', 'tier:gold', 'region:us', 'sector:health'],
  ['Pellworth Energy', 'tier:silver', 'region:eu', 'sector:energy'],
  ['Marrowby Foods', 'tier:bronze', 'region:eu', 'sector:retail'],
  ['Tarn & Vale Insurance', 'tier:gold', 'region:eu', 'sector:finance'],
  ['Juniper Strand Hotels', 'tier:bronze', 'region:us', 'sector:travel'],
  ['Brightwick University', 'tier:silver', 'region:eu', 'sector:education'],
  ['Corvane Aerospace', 'tier:gold', 'region:us', 'sector:industry'],
];

const firstParts = [
  'Ash',
  'Birch',
  'Copper',
  'Dun',
  'Elder',
  'Flint',
  'Gorse',
  'Hazel',
  'Iron',
  'Lark',
  'Moss',
];
const secondParts = ['bourne', 'combe', 'field', 'gate', 'haven', 'lund', 'mere', 'ridge', 'stead', 'wick'];
const trades = [
  'Bank',
  'Clinics',
  'Energy',
  'Foods',
  'Freight',
  'Media',
  'Mills',
  'Rail',
  'Robotics',
  'Stores',
];
const tiers = ['tier:gold', 'tier:silver', 'tier:bronze'];
const regions = ['region:eu', 'region:us'];

/** Returns `count` customers: every sixth one a test account, the first of them beside a production account. */
export function inventCustomers(count: number, random: Random): Customer[] {
  const taken = new Set<string>();
  return Array.from({ length: count }, (_, index) => {
    const isTest = index % 6 === 2;
    const known = customers[index - Math.floor((index + 3) / 6)];
    const [fullname, ...labels] = isTest ? testCustomer(index, random) : (known ?? inventCustomer(random));
    const base = shorten(fullname);
    let name = base;
    for (let number = 2; taken.has(name); number++) name = `${base}-${number}`;
    taken.add(name);
    return { name, fullname, labels, environment: isTest ? 'test' : 'prod' };
  });
}

function testCustomer(index: number, random: Random): [string, ...string[]] {
  const known = index === 2 ? customers[0] : undefined;
  return known
    ? [`${known[0]} (staging)`, 'purpose:staging', 'region:eu']
    : [`${inventCustomer(random)[0]} (trial)`, 'purpose:trial'];
}

function inventCustomer(random: Random): [string, ...string[]] {
  const fullname = `${random.pick(firstParts)}${random.pick(secondParts)} ${random.pick(trades)}`;
  return [fullname, random.pick(tiers), random.pick(regions)];
}

/** Makes a short name from a display name. */
export function shorten(fullname: string): string {
  return fullname
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** The sample organization. */
export const organization = {
  name: 'kestrelmoor',
  fullname: 'Kestrelmoor Security',
  contact: 'platform@kestrelmoor.example',
  domain: 'kestrelmoor.example',
} as const;

/** Members of the sample organization. The first is an administrator. */
export const people = [
  { name: 'ingrid.solheim', fullname: 'Ingrid Solheim', roles: ['root_administrator'], state: 'enabled' },
  { name: 'mateo.quiroga', fullname: 'Mateo Quiroga', roles: ['administrator'], state: 'enabled' },
  { name: 'wen.tiedemann', fullname: 'Wen Tiedemann', roles: ['support-prod'], state: 'enabled' },
  { name: 'adaeze.brandt', fullname: 'Adaeze Brandt', roles: ['emea-accounts'], state: 'enabled' },
  { name: 'jonas.vilar', fullname: 'Jonas Vilar', roles: ['member'], state: 'invited' },
  { name: 'priya.holt', fullname: 'Priya Holt', roles: ['viewer'], state: 'locked' },
  { name: 'tobias.renn', fullname: 'Tobias Renn', roles: ['viewer'], state: 'disabled' },
] as const;

/** Password of every seeded member. */
export const seedPassword = 'kestrelmoor-sandbox-7';
