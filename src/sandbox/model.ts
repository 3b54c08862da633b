/*
 * What the sandbox's parts know of one another. Objects are kept in the very shape in which the API
 * answers them (fact sheet: management.openapi.json); what must not be answered is kept beside them.
 */

/** Fields that every named object of the API has. */
export interface Named {
  id: string;
  name: string;
  created_at: string;
  updated_at: string;
}

/** An object of the API, open to the fields of its schema. */
export type Stored = Named & Record<string, unknown>;

/**
 * The objects of one kind. Names stand in for ids; a name is unique without regard to case within its
 * scope (for an integration, its account; for a credential, its owner; else the organization).
 */
export interface Collection {
  /** Every object in the order of addition, or those of one scope. */
  all(scope?: string): Stored[];
  /** The scope an object was added to (for a bridge, its account); empty for the organization. */
  scopeOf(id: string): string | undefined;
  /** By id, else by name; `scope` narrows names to one account or owner. */
  find(idOrName: string, scope?: string): Stored | undefined;
  /** Like `find`, or the API's 404. */
  get(idOrName: string, scope?: string): Stored;
  /**
   * Adds an object. 409 when its name is taken. `scope` need only be given for a bridge (its account),
   * which does not carry it; integrations and credentials do.
   */
  add(object: Stored, scope?: string): Stored;
  /** Puts the object in place of the one with its id. 409 when the new name is taken. */
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
  /** Secret values by credential id; never answered. */
  readonly credentialSecrets: Map<string, unknown>;
  /** Passwords by member id. */
  readonly passwords: Map<string, Password>;
  /** The worlds of sub-organizations, by organization id. */
  readonly subStates: Map<string, SandboxState>;
  readonly usage: Usage;
  readonly tokens: TokenService;
  readonly jobs: Stored[];
  readonly jobRuns: Record<string, unknown>[];
  /** Recorded calls, oldest first. */
  readonly audit: Record<string, unknown>[];
  /** Present time in milliseconds; fixed in a deterministic sandbox. */
  now(): number;
  /** Present time as RFC 3339. */
  timestamp(): string;
  /** A new UUID-shaped id from the seeded generator. */
  newId(): string;
  /** A new opaque secret from the seeded generator, `bytes` bytes long, base64url. */
  newSecret(bytes?: number): string;
  /** The fields that every new named object gets: id, name (made from `fullname`, else the id), fullname, times. */
  newNamed(given: { name?: string | undefined; fullname?: string | undefined }): Stored;
}

/** A member's password: its SHA-256, and the wrong guesses since the last right one. */
export interface Password {
  hash: string;
  failures: number;
}

/** Schema `Resources`: what a role or token is limited to. A part that is left out limits nothing. */
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

/** A permission set and the resources it covers; a caller may hold several, by its roles. */
export interface Grant {
  readonly permissionSet: string;
  readonly resources?: Resources | undefined;
}

export type TokenKind = 'organization' | 'integration' | 'mcp';

/** Who calls, as the bearer token tells. */
export interface Caller {
  readonly tokenId: string;
  /** Member the token belongs to; empty when it belongs to none. */
  readonly memberId: string;
  readonly kind: TokenKind;
  /** Whether the refresh secret of the pair was presented. */
  readonly withRefreshSecret: boolean;
  /** What the token permits; any one of them is enough. */
  readonly grants: readonly Grant[];
}

/** What handlers ask of token keeping. Objects are `RefreshToken`s and `TokenPair`s of the fact sheet. */
export interface TokenService {
  /** Default token object of a new integration or organization. Its `primary` is the pair to answer once. */
  issueDefault(owner: { id: string; type: 'organization' | 'integration'; name: string }): Stored;
  /** Ends every token of an owner (integration, organization) or member. */
  removeOf(ownerOrMemberId: string): void;
  /** A further token object. 409 when its owner has one of that name. */
  issue(order: TokenOrder): Stored;
  /** The caller behind a bearer secret; undefined for an unknown one. `expired` tells a secret past its time. */
  identify(secret: string): { readonly caller: Caller; readonly expired: boolean } | undefined;
  /** Token objects that can be looked up (MCP tokens cannot), in the order of issue. */
  all(): Stored[];
  /** By id, else by name; 404 when there is none. */
  get(idOrName: string, ownerId?: string): Stored;
  /** A new primary pair; the former one stays as the secondary. */
  rotate(id: string): Stored;
  /** A new primary pair and a new expiry; nothing issued before works. */
  reset(id: string): Stored;
  /** Ends the secondary pair. 404 when there is none. */
  removeSecondary(id: string): void;
  remove(id: string): void;
}

/** A token to issue. */
export interface TokenOrder {
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
  /** Rights of its own, or the names of roles whose rights it shares as they change. */
  readonly rights: Grant | { readonly roles: readonly string[] };
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** Counters, status events and timeseries of integrations; they move with use. usage.ts shows how to call it. */
export interface Usage {
  /** Starts counting for an integration: a new one from nothing, a seeded one with a past. */
  open(integrationId: string, opening?: UsageOpening): void;
  /** Forgets an integration. */
  close(integrationId: string): void;
  /**
   * Counts one request of an integration. With `error`, it failed, and the background traffic fails
   * likewise until a request without one is recorded.
   */
  record(integrationId: string, error?: string): void;
  /** Counts one request of an integration that did not reach its provider, such as issuing it a token. */
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

/** The past that a seeded integration brings along. Times are in milliseconds. */
export interface UsageOpening {
  /** Since when it exists; now when left out. */
  readonly since?: number;
  /** Requests that connectors make without being seen; none when left out. */
  readonly traffic?: { readonly perSpan: number; readonly failureShare: number };
  /** Why its requests fail at present, and since when. */
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

/** One request that passed the gate: known route, valid token, permitted, body valid by the fact sheet. */
export interface SandboxRequest {
  readonly operationId: string;
  readonly state: SandboxState;
  readonly caller: Caller;
  /** Path parameters under the fact sheet's names (`accountId`). */
  readonly params: Readonly<Record<string, string>>;
  /** Query parameters, each with all its values. */
  readonly query: Readonly<Record<string, readonly string[]>>;
  readonly body: unknown;
  /** Whether the caller's resource limits let it see this account / integration. Handlers of lists filter by it. */
  reaches(kind: 'account' | 'integration', object: Stored): boolean;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

export type Handler = (request: SandboxRequest) => Answer | Promise<Answer>;

/** Handlers by operation id; each group's file exports one. */
export type Handlers = Readonly<Record<string, Handler>>;
