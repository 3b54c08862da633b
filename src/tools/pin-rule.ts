/** How a list of all accounts is limited to the pins: by an added filter, or by replacing it with another list. */
export type ListFilter =
  | { readonly filter: 'name[eq]' | 'environment[eq]' | 'account_id[eq]' | 'account_id[in]' }
  | { readonly replacedBy: string };

/**
 * Which objects an operation can affect, for pins. `by`, `part`, `type`, `owner` and `fixes` are names of arguments; `Param`
 * are the path parameters.
 * - `global`: reference data, which belongs to no account.
 * - `organization`: the whole organization, or objects that cannot be shown to belong to one account.
 * - `account`: the account `by`, or its object `part`. `fixes` is the field that could move the account to another
 *   environment.
 * - `new_account`: a new account, in the environment `fixes`.
 * - `rows`: a list of all accounts; `account` is the field of a row that holds the account's id. Pins of a kind for which no
 *   filter is given hide the list.
 * - `owner`: the credentials of the account or integration `by`, or the credential `part`. `type` is the argument for the
 *   type of owner.
 * - `found`: a credential that is found by its id alone. Only the response shows its owner.
 * - `token`: a token of an integration or of the organization; `owner` is the argument for the owner.
 */
export type PinRule<Param extends string = string> =
  | { readonly kind: 'global' }
  | { readonly kind: 'organization' }
  | {
      readonly kind: 'account';
      readonly by: Param;
      readonly part?: Extract<'integration_id' | 'bridge_id', Param>;
      readonly fixes?: 'environment';
    }
  | { readonly kind: 'new_account'; readonly fixes: 'environment' }
  | {
      readonly kind: 'rows';
      readonly account: 'id' | 'account_id';
      readonly onAccount?: ListFilter;
      readonly onEnvironment?: ListFilter;
    }
  | {
      readonly kind: 'owner';
      readonly by: Param;
      readonly type?: 'owner_type';
      readonly part?: Extract<'credential_id', Param>;
    }
  | { readonly kind: 'found'; readonly by: Param }
  | { readonly kind: 'token'; readonly by: Param; readonly owner?: Param };

/** How pins of a kind limit a list; undefined if they cannot. An account is more specific than an environment. */
export function listFilterOf(rule: PinRule & { kind: 'rows' }, kind: PinKind): ListFilter | undefined {
  return kind === 'environment' ? rule.onEnvironment : rule.onAccount;
}

/** Whether pins of a kind hide an operation, because it may affect objects outside them. */
export function isHiddenByPins(rule: PinRule, kind: PinKind): boolean {
  switch (rule.kind) {
    case 'global':
    case 'account':
    case 'owner':
    case 'found':
    case 'token':
      return false;
    case 'new_account':
      return kind !== 'environment';
    case 'rows':
      return listFilterOf(rule, kind) === undefined;
    default:
      return true;
  }
}

/** Arguments that pins of a kind hide: the pinned ones, and counts that would include other accounts. */
export function pinnedArguments(rule: PinRule, kind: PinKind): readonly string[] {
  const hidden: string[] = [];
  if (rule.kind === 'account' && kind !== 'environment') hidden.push(rule.by);
  if ('fixes' in rule && rule.fixes && kind !== 'account') hidden.push(rule.fixes);
  if (rule.kind === 'rows' && kind === 'environment' && rule.account === 'account_id') hidden.push('total');
  return hidden;
}

/** The kinds of pins. Surfaces and schemas are computed once for each kind. */
export type PinKind = 'account' | 'environment' | 'both';
