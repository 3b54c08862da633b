import { encode } from 'gpt-tokenizer/encoding/o200k_base';

// biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
type Answer = any;

/** Gives the answer of read_more for an address. */
export type AskPart = (part: string) => Promise<Answer>;

/** Follows the marks of a result that was cut, as a model would that wants all of it. */
export class PartWalk {
  /** Tokens of the longest answer so far, and where it was. */
  longest = { tokens: 0, part: '' };
  asked = 0;
  readonly #ask: AskPart;
  readonly #measures: boolean;

  /** @param measures counting tokens takes longer than anything else */
  constructor(ask: AskPart, measures = true) {
    this.#ask = ask;
    this.#measures = measures;
  }

  async part(part: string): Promise<Answer> {
    const answer = await this.#ask(part);
    this.asked += 1;
    if (this.#measures) this.measure(answer, part);
    const isLeftOut = (value: Answer, cursor: string) =>
      Object.keys(value ?? {}).join() === '$cursor' && value.$cursor === cursor;
    if (!('value' in answer) || isLeftOut(answer.value, part))
      throw new Error(`${part}: ${JSON.stringify(answer).slice(0, 500)}`);
    return this.restore(answer.value);
  }

  measure(answer: Answer, part = ''): void {
    const { length: tokens } = encode(JSON.stringify(answer));
    if (tokens > this.longest.tokens) this.longest = { tokens, part };
  }

  /** What is shown, with what was left out. */
  async restore(shown: Answer): Promise<Answer> {
    if (typeof shown !== 'object' || shown === null) return shown;
    if (Array.isArray(shown)) {
      const items: Answer[] = [];
      for (const item of shown) items.push(await this.restore(item));
      return items;
    }
    const { $cursor, $names, $items, $text, $each } = shown;
    if ($text === undefined && $items === undefined && $names === undefined) {
      if (typeof $cursor === 'string') return this.part($cursor);
      const entries: [string, Answer][] = [];
      for (const [key, part] of Object.entries(shown)) entries.push([key, await this.restore(part)]);
      return Object.fromEntries(entries);
    }
    if (/\p{Surrogate}/u.test($text ?? '')) throw new Error(`Half a character before ${$cursor}`);
    const own =
      typeof $text === 'string'
        ? $text
        : $items
          ? await this.restore($items)
          : await this.#members($names, $each);
    if (typeof $cursor !== 'string') return own;
    const rest = await this.part($cursor);
    if (typeof own === 'string') return own + rest;
    return Array.isArray(own) ? [...own, ...rest] : { ...own, ...rest };
  }

  async #members(names: readonly string[], at: string): Promise<Answer> {
    const members: Record<string, Answer> = {};
    for (const name of names) {
      const key = name.replaceAll('~1', '/').replaceAll('~0', '~');
      members[key] = await this.part(at.replace('{name}', () => name));
    }
    return members;
  }
}
