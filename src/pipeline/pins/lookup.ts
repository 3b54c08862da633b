import { type Pins, pinnedAccountOf } from '../../access/pins.ts';
import { CallError } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { RequestContext } from '../../request-context.ts';
import {
  getAccount,
  getCredential,
  getIntegration,
  getTokenInfo,
  listAccounts,
  listBridges,
  listIntegrations,
  type Send,
} from '../../synqly/endpoints.ts';
import { type Pages, readPages } from '../../synqly/pages.ts';
import type { Limits } from '../execute/deadline.ts';

/** An object that Synqly returned, with its id. */
export interface FoundObject extends JsonObject {
  readonly id: string;
}

/** Who owns a credential or a token. */
export interface Owner {
  readonly type: 'account' | 'integration';
  readonly id: string;
}

/** Finds out by reading what is inside the pins. Nothing read here gets into results. */
export interface Lookup {
  /** The pinned account, also after it was renamed. @throws CallError `outside_pin` */
  pinnedAccount(): Promise<FoundObject>;
  /** The account that an argument names, if it is inside. */
  account(idOrName: string, argument?: string): Promise<FoundObject | undefined>;
  /** The account's own integration or bridge group that an argument names. */
  part(
    kind: 'integration_id' | 'bridge_id',
    accountId: string,
    idOrName: string,
  ): Promise<string | undefined>;
  /** The account or integration that an argument names, if it is inside. */
  owner(idOrName: string, types: readonly Owner['type'][], argument?: string): Promise<Owner | undefined>;
  /**
   * The owner's own credential that an argument names; undefined when the one found belongs to another owner.
   *
   * @throws CallError `not_found` when the owner, which is inside, has no such credential. Similar names may then be suggested
   */
  credential(owner: Owner, idOrName: string): Promise<FoundObject | undefined>;
  /** A token object of any owner. */
  token(idOrName: string): Promise<FoundObject | undefined>;
  /** Ids of the accounts in the pinned environment. @throws CallError `outside_pin` when there are too many */
  accountsOfEnvironment(): Promise<readonly string[]>;
}

/** A list cannot be filtered by this many accounts, because their ids go into one URL. */
const maxAccounts = 100;

/** Rows of a list that are read to find one. */
const maxRows = 1_000;

/** Integrations of one name that are read to find one. */
const maxSameName = 100;

/** The error for what is not known to be inside. It does not reveal whether the object exists outside. */
export function outsidePin(message: string): CallError {
  return new CallError('outside_pin', message);
}

export function createLookup(pins: Pins, context: RequestContext, limits: Limits): Lookup {
  const { environment } = pins;

  const send: Send = (request) => context.send({ ...request, ...limits });
  /** An object; undefined when it does not exist. */
  const readOne = async (object: Promise<JsonObject | undefined>) => {
    try {
      return asFoundObject(await object);
    } catch (error) {
      if (error instanceof CallError && error.code === 'not_found') return undefined;
      throw error;
    }
  };
  /** Reads a list in the order of names until `isFound` or `wanted` rows. A page that fails fails the list, since the rows decide about access. */
  const readList = async (
    list: ListRows,
    { wanted, unique, ...filter }: ListQuery,
    isFound?: (rows: readonly FoundObject[]) => boolean,
  ): Promise<Pages & { readonly found: readonly FoundObject[] }> => {
    const pages = await readPages({
      fields: ['name'],
      unique,
      wanted,
      read: async (query, { mayRepeat }) => {
        const sendPage: Send = (request) => context.send({ ...request, ...limits, mayRepeat });
        const items = await list(sendPage, { ...filter, ...query });
        if (items) return { items };
        throw new CallError('invalid_response', 'The response of Synqly has no list.', {
          retry: 'safe',
        });
      },
      onPage: (rows) => isFound?.(rows.flatMap((row) => asFoundObject(row) ?? [])) === true,
    });
    if (pages.doubt?.kind === 'failed') throw pages.doubt.error;
    return { ...pages, found: pages.rows.flatMap((row) => asFoundObject(row) ?? []) };
  };

  const isInEnvironment = (account: FoundObject) =>
    environment === undefined || account.environment === environment;

  const accountById = (idOrName: string) => readOne(getAccount(send, idOrName));

  const pinnedAccount = async (): Promise<FoundObject> => {
    const memory = pinnedAccountOf(pins);
    const known = memory.known();
    const named = known === undefined ? await accountById(pins.account as string) : undefined;
    // Only the first response is compared by name. Later ones must have the same id.
    const isNamed = named && hasIdOrName(named, pins.account as string) && isInEnvironment(named);
    const id = known ?? (isNamed ? memory.record(named) : undefined);
    const account = id === undefined || named?.id === id ? named : await accountById(id);
    if (!account || account.id !== id || !isInEnvironment(account)) {
      throw outsidePin(
        `The pinned account ${JSON.stringify(pins.account)} was not found${environment ? ` in ${environment}` : ''}.`,
      );
    }
    return account;
  };

  const account = async (idOrName: string, argument = 'account_id'): Promise<FoundObject | undefined> => {
    const found = await readOne(getAccount(send, idOrName, argument));
    if (!found || !isInEnvironment(found)) return undefined;
    if (pins.account !== undefined && found.id !== (await pinnedAccount()).id) return undefined;
    return found;
  };

  const integrationOf = async (accountId: string, idOrName: string): Promise<string | undefined> => {
    const found = await readOne(getIntegration(send, accountId, idOrName));
    return found?.account_id === accountId ? found.id : undefined;
  };

  /** A bridge group does not name its account, so it must be in the account's list. */
  const bridgeOf = async (accountId: string, idOrName: string): Promise<string | undefined> => {
    const among = (bridges: readonly FoundObject[]) =>
      bridges.find(({ id }) => id === idOrName) ?? bridges.find((one) => hasIdOrName(one, idOrName));
    const list: ListRows = (send, query) => listBridges(send, accountId, query);
    const query = { wanted: maxRows, unique: true };
    const isFound = (bridges: readonly FoundObject[]) => among(bridges) !== undefined;
    try {
      return among((await readList(list, query, isFound)).found)?.id;
    } catch (error) {
      if (error instanceof CallError && error.code === 'not_found') return undefined;
      throw error;
    }
  };

  /** Finds an integration of any account: by id, or by a name that only one integration has. */
  const integrationAnywhere = async (idOrName: string): Promise<string | undefined> => {
    for (const field of ['id', 'name']) {
      const query = { filter: [`${field}[eq]${idOrName}`], wanted: maxSameName, unique: false };
      // If Synqly applies the filter, the first page is enough.
      const isFiltered = (rows: readonly FoundObject[]) => rows.every((row) => hasIdOrName(row, idOrName));
      const { found, rest } = await readList(listIntegrations, query, isFiltered);
      const [one, ...others] = found.filter((row) => hasIdOrName(row, idOrName));
      const isOnly =
        one && others.length === 0 && (rest === 'none' || isFiltered(found) || one.id === idOrName);
      if (!isOnly || typeof one.account_id !== 'string') continue;
      return (await account(one.account_id)) ? one.id : undefined;
    }
    return undefined;
  };

  const integration = async (idOrName: string): Promise<string | undefined> =>
    pins.account === undefined
      ? integrationAnywhere(idOrName)
      : integrationOf((await pinnedAccount()).id, idOrName);

  return {
    pinnedAccount,
    account,
    part: (kind, accountId, idOrName) =>
      kind === 'integration_id' ? integrationOf(accountId, idOrName) : bridgeOf(accountId, idOrName),
    owner: async (idOrName, types, argument = 'owner_id') => {
      const found = types.includes('account') ? await account(idOrName, argument) : undefined;
      if (found) return { type: 'account', id: found.id };
      const id = types.includes('integration') ? await integration(idOrName) : undefined;
      return id === undefined ? undefined : { type: 'integration', id };
    },
    credential: async (owner, idOrName) => {
      const found = asFoundObject(await getCredential(send, owner.id, idOrName));
      return found && isOwnedBy(found, owner) ? found : undefined;
    },
    token: (idOrName) => readOne(getTokenInfo(send, idOrName)),
    accountsOfEnvironment: async () => {
      const query = { filter: [`environment[eq]${environment}`], wanted: maxAccounts - 1, unique: true };
      const { found: accounts, rest } = await readList(listAccounts, query);
      if (rest === 'some') {
        throw outsidePin(
          `${environment} has ${maxAccounts} accounts or more, too many to filter this list by. Call it for one account at a time.`,
        );
      }
      if (rest === 'unknown') {
        throw outsidePin(
          `Not all accounts of ${environment} could be read, so this list cannot be filtered by them. Call it for one account at a time.`,
        );
      }
      return accounts.filter(isInEnvironment).map(({ id }) => id);
    },
  };
}

/** Reads one page of a list. */
type ListRows = (send: Send, query: JsonObject) => Promise<readonly unknown[] | undefined>;

/** How a list is read to check access. */
interface ListQuery {
  readonly wanted: number;
  /** Whether no two rows share a name. */
  readonly unique: boolean;
  readonly filter?: readonly string[];
}

/** Whether a credential belongs to an owner, according to its own fields. */
export function isOwnedBy(credential: JsonObject, { type, id }: Owner): boolean {
  return credential.owner_type === type && credential[`${type}_id`] === id;
}

function asFoundObject(value: unknown): FoundObject | undefined {
  return isJsonObject(value) && typeof value.id === 'string' && value.id !== ''
    ? (value as FoundObject)
    : undefined;
}

/** Whether an object has this id or name. Names are compared without case, as Synqly does. */
export function hasIdOrName({ id, name }: JsonObject, idOrName: string): boolean {
  return id === idOrName || (typeof name === 'string' && name.toLowerCase() === idOrName.toLowerCase());
}
