/** Characters of a name that are compared, from its end: a client's prefix may be long. */
const maxLength = 200;

/**
 * The known name that a client changed: in another case, with other separators, or behind a prefix, as in
 * `mcp__synqly__accounts_list`, `synqly-accounts.list` or `AccountsList`. Undefined if there is none.
 */
export function findRespelled(name: string, known: readonly string[]): string | undefined {
  const words = name.slice(-maxLength).split(/[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])/);
  const byLetters = new Map(known.map((one) => [lettersOf(one), one]));
  for (let start = 0; start < words.length; start += 1) {
    const found = byLetters.get(words.slice(start).join('').toLowerCase());
    if (found !== undefined) return found;
  }
  return undefined;
}

const lettersOf = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
