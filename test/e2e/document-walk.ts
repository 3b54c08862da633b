import { encode } from 'gpt-tokenizer/encoding/o200k_base';

// biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
type Answer = any;

/** Answers about a document, by the argument given. */
export type Ask = (args: { operation?: string; schema?: string; search?: string }) => Promise<Answer>;

/** Follows the hints of answers, as a model would that wants to know everything. */
export class Walk {
  /** Tokens of the longest answer so far, and what was asked. */
  longest = { tokens: 0, asked: '' };
  asked = 0;
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  async ask(args: Parameters<Ask>[0]): Promise<Answer> {
    const answer = await this.#ask(args);
    const { length: tokens } = encode(JSON.stringify(answer));
    this.asked += 1;
    if (tokens > this.longest.tokens) this.longest = { tokens, asked: JSON.stringify(args) };
    return answer;
  }

  /** The part at an address, put together from as many answers as it takes. */
  async rebuild(address: string): Promise<Answer> {
    const answer = await this.ask({ schema: address });
    if (!('definition' in answer)) throw new Error(`${address}: ${JSON.stringify(answer).slice(0, 500)}`);
    return this.restore(answer.definition);
  }

  /** What an answer shows, with what was left out, and references as in the document. */
  async restore(shown: Answer): Promise<Answer> {
    if (Array.isArray(shown)) return Promise.all(shown.map((item) => this.restore(item)));
    if (typeof shown !== 'object' || shown === null) return shown;
    const { $cursor, $names, $items, $text, $each, $definition } = shown;
    const rest = typeof $cursor === 'string' ? await this.rebuild($cursor) : undefined;
    if (rest !== undefined && $text === undefined && $items === undefined && $names === undefined)
      return rest;
    if (typeof $text === 'string') return `${$text}${rest ?? ''}`;
    if (Array.isArray($items)) return [...(await this.restore($items)), ...(rest ?? [])];
    if (Array.isArray($names)) return { ...(await this.#members($names, $each)), ...rest };
    const entries: [string, Answer][] = [];
    for (const [key, part] of Object.entries(shown)) {
      if (key === '$definition' && $definition !== undefined) continue;
      const isReference = key === '$ref' && typeof part === 'string' && !part.startsWith('#');
      entries.push([key, isReference ? `#/components/schemas/${part}` : await this.restore(part)]);
    }
    return Object.fromEntries(entries);
  }

  async #members(names: readonly string[], at: string): Promise<Answer> {
    const members: Record<string, Answer> = {};
    for (const name of names) {
      const key = name.replaceAll('~1', '/').replaceAll('~0', '~');
      members[key] = await this.rebuild(at.replace('{name}', () => name));
    }
    return members;
  }

  /** Ids of all operations of a tag, page by page. */
  async operationsOf(tag: string): Promise<string[]> {
    const ids: string[] = [];
    for (let next: string | undefined = tag; next; ) {
      const { operations, further } = await this.ask({ operation: next });
      ids.push(...operations.map(idIn));
      next = further?.operation;
    }
    return ids;
  }
}

/** `id (GET /path): summary`, or `GET /path: summary` where there is no id. */
function idIn(line: string): string {
  return /^(?:[A-Z]+ \S+?(?=: |$)|\S+(?= \())/.exec(line)?.[0] ?? line;
}

interface Document {
  readonly paths: Record<string, Record<string, Answer>>;
}

/** Operations of a document by `METHOD /path`. */
export function operationsIn({ paths }: Document): Map<string, Answer> {
  const found = new Map<string, Answer>();
  for (const [path, item] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(item)) {
      if (method !== 'parameters') found.set(`${method.toUpperCase()} ${path}`, operation);
    }
  }
  return found;
}
