import { readerOf } from '../../src/pipeline/execute/read-target.ts';
import { renderPath } from '../../src/synqly/url.ts';
import { findOperation } from '../../src/tools/catalogue.ts';
import type { Operation } from '../../src/tools/define-operation.ts';
import { type Ground, prepareGround } from './destroys.ts';
import { type FakeAnswer, type FakeRequest, type FakeSynqly, startFakeSynqly } from './fake-synqly.ts';
import { type Person, type Program, startProgram } from './support.ts';

/** What a read may meet. */
export const failures = {
  'an answer that never comes': 'hang',
  'a broken connection': 'reset',
  '404': { status: 404, json: { message: 'Not found', status: 404 } },
  '405': { status: 405, json: { message: 'Method not allowed', status: 405 } },
  '429 that asks for a pause': { status: 429, headers: { 'retry-after': '1' }, json: { status: 429 } },
  '500': { status: 500, json: { message: 'Failed', status: 500 } },
  '503': { status: 503, json: { message: 'Away', status: 503 } },
  'broken JSON': { text: '{"result": [{"id": "1"' },
  'an HTML page': { headers: { 'content-type': 'text/html' }, text: '<!doctype html><p>Log in</p>' },
  nothing: { text: '' },
  'a text for an object': { json: { result: 'all is well' } },
  'an object without fields': { json: { result: {} } },
  'a null': { json: { result: null } },
  'a null among rows': { json: { result: [null] } },
} as const satisfies Record<string, FakeAnswer>;

export type Failure = keyof typeof failures;

type Rule = (request: FakeRequest) => FakeAnswer | undefined | Promise<FakeAnswer | undefined>;

/** A test ground whose sandbox stands behind an API that fails as a test says. */
export interface LookingGround {
  readonly ground: Ground;
  readonly fake: FakeSynqly;
  /** Which GETs fail, and how; undefined passes one on. */
  fail(rule: Rule): void;
  heal(): void;
  /** A program with a token of its own. */
  open(flags?: string[], person?: Person): Promise<Program>;
  close(): Promise<void>;
}

export async function prepareLooking(): Promise<LookingGround> {
  const ground = await prepareGround();
  let rule: Rule = () => undefined;
  const fake = await startFakeSynqly(
    (request) => (request.method === 'GET' ? rule(request) : undefined),
    ground.sandbox.baseUrl,
  );
  return {
    ground,
    fake,
    fail: (next) => {
      rule = next;
    },
    heal: () => {
      rule = () => undefined;
    },
    open: async (flags = [], person) =>
      startProgram(
        ['--base-url', fake.url, ...flags],
        { SYNQLY_TOKEN: await ground.newToken(), SYNQLY_PERMISSIONS: 'ignore' },
        person,
      ),
    close: async () => {
      fake.close();
      await ground.close();
    },
  };
}

/** The path by which the object of a call is read. */
export function objectPath(tool: string, args: Readonly<Record<string, unknown>>): string {
  return renderPath(readerOf(findOperation(tool) as Operation)?.path as string, args);
}

const integrationsOf = /^\/v1\/integrations\/[^/]+$/;
const credentialsOf = /^\/v1\/credentials\/[^/]+$/;

/** How what goes with an object is read, for each operation that looks at it. */
export const dependentReads: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  accounts_delete: {
    integrations: integrationsOf,
    'tokens of integrations': integrationsOf,
    credentials: credentialsOf,
    bridges: /^\/v1\/bridges\/[^/]+$/,
  },
  bridges_delete: { 'integrations that use it': integrationsOf },
  credentials_delete: { 'integrations that use it': integrationsOf },
  integrationPoints_delete: {
    'integrations that use it': /^\/v1\/integrations$/,
    credentials: credentialsOf,
  },
  integrations_delete: { credentials: credentialsOf, tokens: /^\/v1\/tokens\/[^/]+\/info$/ },
  members_delete: { tokens: /^\/v1\/tokens$/ },
  organizationWebhooks_delete: { credentials: credentialsOf },
  roles_delete: { 'members that have it': /^\/v1\/members$/ },
  status_reset: { counters: /^\/v1\/status\/[^/]+\/[^/]+$/ },
};
