/** How a list over all accounts is narrowed: by a further filter item, or by another list in its place. */
export type ListFilter =
  | { readonly filter: 'name[eq]' | 'environment[eq]' | 'account_id[eq]' | 'account_id[in]' }
  | { readonly replacedBy: string };

/**
 * What an operation can touch, as far as pins are concerned. `Param` are its path parameters.
 * - `global`: reference data that belongs to nobody.
 * - `organization`: the organization as a whole, or what cannot be proved to be one account's.
 * - `account`: the account that `by` names; with `part`, that object of it. `fixes` is the field that could take
 *   the account out of its environment.
 * - `new_account`: an account that does not exist yet, in the environment that `fixes` names.
 * - `rows`: a list over all accounts; `account` is the field that tells whose a row is. Without a narrowing for
 *   a kind of pin it is hidden there.
 * - `owner`: what belongs to the account or integration that `by` names; `type` names the kind of owner, if given;
 *   with `part`, that credential of it.
 * - `found`: a credential found by its id alone; only the answer tells whose it is.
 * - `token`: a token object, of an integration or of the organization; `owner` names that again, if given.
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

/** How a list is narrowed under pins; undefined when it cannot be. An account is narrower than an environment. */
export function listFilterOf(reach: PinRule & { kind: 'rows' }, kind: PinKind): ListFilter | undefined {
  return kind === 'environment' ? reach.onEnvironment : reach.onAccount;
}

/** Whether pins hide an operation: what is not known to stay inside is hidden. */
export function isHiddenByPins(reach: PinRule, kind: PinKind): boolean {
  switch (reach.kind) {
    case 'global':
    case 'account':
    case 'owner':
    case 'found':
    case 'token':
      return false;
    case 'new_account':
      return kind !== 'environment';
    case 'rows':
      return listFilterOf(reach, kind) === undefined;
    default:
      return true;
  }
}

/** Arguments that pins take away: the pinned ones, and counts that nothing documented narrows. */
export function pinnedArguments(reach: PinRule, kind: PinKind): readonly string[] {
  const withdrawn: string[] = [];
  if (reach.kind === 'account' && kind !== 'environment') withdrawn.push(reach.by);
  if ('fixes' in reach && reach.fixes && kind !== 'account') withdrawn.push(reach.fixes);
  if (reach.kind === 'rows' && kind === 'environment' && reach.account === 'account_id')
    withdrawn.push('total');
  return withdrawn;
}

/** Pins are of three kinds as far as lists and schemas go; whatever else is computed once for each. */
export type PinKind = 'account' | 'environment' | 'both';
