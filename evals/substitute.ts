/*
 * Some values differ from run to run, such as ids of confirmations and handles of secrets. An argument that a recorded
 * agent took from an earlier result is taken from the same place in the new result. Names and ids of the sandbox are the
 * same in each run, so that only what no new result has any more is replaced.
 */

/** Results of the calls before, as recorded and as they are now. */
export type Earlier = readonly { readonly recorded: string; readonly replayed: string }[];

/** Whether a word can be one that differs from run to run: shorter words, and those without a digit, are no ids. */
function isIdLike(word: string): boolean {
  return word.length >= 6 && /\d/.test(word);
}

/** The arguments of a recorded call with the values of this run. `missing` names values that no result has any more. */
export function substitute(
  args: Record<string, unknown>,
  prompt: string,
  earlier: Earlier,
): { readonly args: Record<string, unknown>; readonly missing: readonly string[] } {
  const missing: string[] = [];
  const substituteText = (text: string): string =>
    text.replaceAll(/[\w-]+/g, (word) => {
      if (!isIdLike(word) || prompt.includes(word)) return word;
      const found = currentWord(word, earlier);
      if (found === undefined) missing.push(word);
      return found ?? word;
    });
  const visit = (value: unknown): unknown => {
    if (typeof value === 'string') return substituteText(value);
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, visit(inner)]));
  };
  return { args: visit(args) as Record<string, unknown>, missing };
}

/** What stands now where a result had the word; the word itself if a result still has it, or none ever had it. */
function currentWord(word: string, earlier: Earlier): string | undefined {
  let wasRead = false;
  const candidates: string[] = [];
  for (const { recorded, replayed } of earlier) {
    const now = wordsByPlace(replayed);
    if ([...now.values()].includes(word)) return word;
    for (const [place, was] of wordsByPlace(recorded)) {
      if (was !== word) continue;
      wasRead = true;
      candidates.unshift(now.get(place) ?? '');
    }
  }
  return wasRead ? candidates.find((candidate) => candidate !== '') : word;
}

/** Every word of a result, by the path of its value and its number within that. */
function wordsByPlace(text: string): Map<string, string> {
  const words = new Map<string, string>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value === 'string') {
      for (const [at, [word]] of [...value.matchAll(/[\w-]+/g)].entries()) words.set(`${path} ${at}`, word);
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) {
        words.set(`${path}/${name} name`, name);
        visit(inner, `${path}/${name}`);
      }
    }
  };
  visit(parsed(text), '');
  return words;
}

/** The parsed JSON of a result; the text itself if it is not JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
