/*
 * Shared types of the sandbox. Objects are stored in the form in which the API returns them (fact sheet:
 * management.openapi.json); what must not be returned is stored separately.
 */

/** Fields that every named object of the API has. */
export interface Named {
  id: string;
  name: string;
  created_at: string;
  updated_at: string;
}

/** An object of the API, with any fields of its schema. */
export type Stored = Named & Record<string, unknown>;

/**
 * The objects of one kind. Names are accepted in place of ids; a name is unique, ignoring case, within its scope
 * (for an integration its account, for a credential its owner, otherwise the organization).
 */
export interface Collection {
  /** All objects in insertion order, or those of one scope. */
  all(scope?: string): Stored[];
  /** The scope an object was added to (for a bridge, its account); empty for the organization. */
  scopeOf(id: string): string | undefined;
  /** Finds by id, else by name; `scope` limits names to one account or owner. */
  find(idOrName: string, scope?: string): Stored | undefined;
  /** Like `find`, but throws the API's 404. */
  get(idOrName: string, scope?: string): Stored;
  /**
   * Adds an object. 409 if its name is taken. `scope` is needed only for a bridge, which does not hold its
   * account's id; integrations and credentials hold theirs.
   */
  add(object: Stored, scope?: string): Stored;
  /** Replaces the object with the same id. 409 if the new name is taken. */
  replace(object: Stored): Stored;
  remove(id: string): void;
}

export type EntityKind =
  | 'account'
  | 'integration_point'
  | 'integration'
  | 'credential'
  | 'bridge'
  | 'mapping'
  | 'member'
  | 'role'
  | 'organization_webhook'
  | 'sub_org';

/** The whole state of one sandbox. */
export interface SandboxState {
  /** The organization itself. */
  organization: Stored;
  readonly collections: Readonly<Record<EntityKind, Collection>>;
  /** Secret values by credential id; never returned. */
  readonly credentialSecrets: Map<string, unknown>;
  /** Passwords by member id. */
  readonly passwords: Map<string, Password>;
  /** The states of sub-organizations, by organization id. */
  readonly subStates: Map<string, SandboxState>;
  readonly usage: Usage;
  readonly tokens: TokenService;
  readonly jobs: Stored[];
  readonly jobRuns: Record<string, unknown>[];
  /** Recorded calls, oldest first. */
  readonly audit: Record<string, unknown>[];
  /** Current time in milliseconds; fixed in a deterministic sandbox. */
  now(): number;
  /** Current time as RFC 3339. */
  timestamp(): string;
  /** A new UUID-shaped id from the seeded generator. */
  newId(): string;
  /** A new opaque secret from the seeded generator, `bytes` bytes long, base64url. */
  newSecret(bytes?: number): string;
  /** Returns the fields of every new named object: id, name (made from `fullname`, else the id), fullname, times. */
  newNamed(given: { name?: string | undefined; fullname?: string | undefined }): Stored;
}

/** A state before the services that work on it are made. */
export type BaseState = Omit<SandboxState, 'tokens' | 'usage'>;

/** A member's password: its SHA-256, and the wrong guesses since the last right one. */
export interface Password {
  hash: string;
  failures: number;
}

/** Schema `Resources`: the limits of a role or token. A missing part means no limit. */
export interface Resources {
  readonly organizations?: {
    readonly ids: readonly string[];
    readonly labels?: readonly string[] | null;
  } | null;
  readonly accounts?: {
    readonly ids: readonly string[];
    readonly labels?: readonly string[] | null;
    readonly environments?: readonly string[] | null;
  } | null;
  readonly integrations?: { readonly categories: readonly string[] } | null;
}

/** A permission set and the resources it covers; a caller may have several through its roles. */
export interface Grant {
  readonly permissionSet: string;
  readonly resources?: Resources | undefined;
}

export type TokenKind = 'organization' | 'integration' | 'mcp';

/** The caller, identified by the bearer token. */
export interface Caller {
  readonly tokenId: string;
  /** Member the token belongs to; empty when it belongs to none. */
  readonly memberId: string;
  readonly kind: TokenKind;
  /** Whether the refresh secret of the pair was presented. */
  readonly withRefreshSecret: boolean;
  /** The token's grants; any one of them is enough. */
  readonly grants: readonly Grant[];
}

/** The token service of handlers. Objects are `RefreshToken`s and `TokenPair`s of the fact sheet. */
export interface TokenService {
  /** Creates the default token object of a new integration or organization. Its `primary` pair is returned once. */
  issueDefault(owner: { id: string; type: 'organization' | 'integration'; name: string }): Stored;
  /** Revokes all tokens of an owner (integration, organization) or member. */
  removeOf(ownerOrMemberId: string): void;
  /** Creates another token object. 409 if its owner has one with that name. */
  issue(order: TokenRequest): Stored;
  /** Finds the caller of a bearer secret; undefined if it is unknown, `expired` if it has expired. */
  identify(secret: string): { readonly caller: Caller; readonly expired: boolean } | undefined;
  /** Token objects that can be read (MCP tokens cannot), in order of issue. */
  all(): Stored[];
  /** By id, else by name; 404 when there is none. */
  get(idOrName: string, ownerId?: string): Stored;
  /** Issues a new primary pair; the previous one becomes the secondary. */
  rotate(id: string): Stored;
  /** Issues a new primary pair and a new expiry; revokes all previous pairs. */
  reset(id: string): Stored;
  /** Revokes the secondary pair. 404 if there is none. */
  removeSecondary(id: string): void;
  remove(id: string): void;
}

/** A token to issue. */
export interface TokenRequest {
  readonly kind: TokenKind;
  readonly type: 'adhoc' | 'logon' | 'default';
  readonly owner: { readonly id: string; readonly type: 'organization' | 'integration' };
  readonly name?: string | undefined;
  readonly fullname?: string | undefined;
  readonly memberId?: string;
  /** Token of the caller who issues it. */
  readonly parentId?: string;
  /** Lifetime of the access secrets, in milliseconds. */
  readonly ttl: number;
  /** Lifetime of the whole object, in milliseconds. */
  readonly lifetime: number;
  /** Permissions of its own, or the names of roles whose current permissions apply. */
  readonly rights: Grant | { readonly roles: readonly string[] };
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** Counters, status events and timeseries of integrations, which change with use. usage.ts shows how to call it. */
export interface Usage {
  /** Starts tracking an integration: a new one without history, a seeded one with it. */
  open(integrationId: string, opening?: UsageOpening): void;
  /** Stops tracking an integration. */
  close(integrationId: string): void;
  /**
   * Counts one request of an integration. With `error` it failed, and background traffic fails too until a request
   * without one is recorded.
   */
  record(integrationId: string, error?: string): void;
  /** Counts one request of an integration that did not contact its provider, such as issuing a token. */
  count(integrationId: string): void;
  /** Sets the counters to zero and drops the events; the timeseries stay. */
  reset(integrationId: string): void;
  counters(integrationId: string): UsageCounters;
  /** Oldest first; times differ. */
  events(integrationId: string): readonly UsageEvent[];
  /** The last hour of some integrations together, in steps of five minutes. */
  lastHour(integrationIds: readonly string[]): UsageSeries;
  /** The last 24 hours of some integrations together, in steps of one hour. */
  lastDay(integrationIds: readonly string[]): UsageSeries;
}

/** The history of a seeded integration. Times are in milliseconds. */
export interface UsageOpening {
  /** Creation time; default now. */
  readonly since?: number;
  /** Simulated requests of connectors; none by default. */
  readonly traffic?: { readonly perSpan: number; readonly failureShare: number };
  /** Why and since when its requests fail. */
  readonly failing?: { readonly error: string; readonly since: number };
}

/** The fields of schema Status that are counted. */
export interface UsageCounters {
  readonly created_at: string;
  readonly updated_at: string;
  readonly status: string;
  readonly requests: number;
  readonly failed: number;
  readonly cpu_time: number;
  readonly db_ops: number;
  readonly api_ops: number;
  readonly in_bytes: number;
  readonly out_bytes: number;
}

/** Schema StatusEvent without the ids. */
export interface UsageEvent {
  readonly created_at: string;
  readonly status: string;
  readonly error?: string;
  readonly request: number;
}

/** Schema GetStatusTimeseriesResult. */
export interface UsageSeries {
  readonly start_time: string;
  readonly end_time: string;
  readonly interval: string;
  readonly series: readonly Readonly<Record<string, string | number>>[];
}

/** A request that passed all checks: known route, valid token, permitted, body valid by the fact sheet. */
export interface SandboxRequest {
  readonly operationId: string;
  readonly state: SandboxState;
  readonly caller: Caller;
  /** Path parameters under the fact sheet's names (`accountId`). */
  readonly params: Readonly<Record<string, string>>;
  /** Query parameters, each with all its values. */
  readonly query: Readonly<Record<string, readonly string[]>>;
  readonly body: unknown;
  /** Whether the caller's resource limits allow this account or integration. Handlers filter lists by it. */
  reaches(kind: 'account' | 'integration', object: Stored): boolean;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

export type Handler = (request: SandboxRequest) => Answer | Promise<Answer>;

/** Handlers by operation id; each group's file exports one. */
export type Handlers = Readonly<Record<string, Handler>>;
