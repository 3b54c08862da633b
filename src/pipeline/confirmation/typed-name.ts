import type { Arguments } from '../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { maxShownLength, quoted } from '../../lib/quote-text.ts';
import type { Operation } from '../../tools/define-operation.ts';

/** What a person must type to confirm the object. */
export interface TypedName {
  /** What is asked for. `tool` is the name of the operation, if nothing else can be typed. */
  readonly kind: 'name' | 'id' | 'tool';
  /** The text as shown, before it is quoted. */
  readonly shown: string;
  /** Whether a value from the form matches. */
  accepts(answer: unknown): boolean;
}

/**
 * What must be typed: the object's name; its id, if the name is too long or has characters that cannot be typed; if the
 * object could not be read, the name in the call.
 */
export function typedNameOf(
  { id: tool, params }: Operation,
  args: Arguments,
  object: JsonObject | undefined,
): TypedName {
  const named = args[Object.keys(params).at(-1) ?? ''];
  const given = isJsonObject(object) ? object.name : named;
  const name = typeof given === 'string' ? given : undefined;
  const candidates = [
    { kind: 'name', shown: name },
    { kind: 'id', shown: object?.id },
    { kind: 'name', shown: named },
  ] as const;
  const usable = candidates.find(({ shown }) => isTypable(shown));
  const kind = usable?.kind ?? 'tool';
  const shown = usable ? String(usable.shown) : tool;
  // The full name is accepted too, if the person pastes it.
  const accepted = new Set([shown, name ?? shown].flatMap(spellingsOf));
  return { kind, shown, accepts: (answer) => typeof answer === 'string' && matchesAny(answer, accepted) };
}

/** Characters that are invisible, change the text direction, or are on no keyboard. */
const untypable = /[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800]/u;

function isTypable(text: unknown): text is string {
  if (typeof text !== 'string' || untypable.test(text) || normalize(text) === '') return false;
  return JSON.stringify(text).length <= maxShownLength;
}

/** A text as it is, and as a form shows it: quoted, with escapes. */
function spellingsOf(text: string): readonly string[] {
  // A text without visible characters would leave only the quotes.
  if (normalize(text) === '') return [];
  const asShown = quoted(text, Number.POSITIVE_INFINITY);
  return [text, asShown, asShown.slice(1, -1)].map(normalize);
}

function matchesAny(answer: string, accepted: ReadonlySet<string>): boolean {
  const typed = normalize(answer);
  const [, , inQuotes] = /^(["'`])(.*)\1$/.exec(typed) ?? [];
  return accepted.has(typed) || (inQuotes !== undefined && accepted.has(inQuotes.trim()));
}

/**
 * A text without the differences that forms, keyboards and clients introduce: composed letters, full width, blanks,
 * invisible characters, curly quotes, long dashes, and letter case, which names of the API do not distinguish.
 */
function normalize(text: string): string {
  return (
    text
      .normalize('NFKC')
      .replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
      .replace(/[\s\p{Cc}\u2800]+/gu, ' ')
      .replace(/[\u2018\u2019\u201a\u201b\u2032]/g, "'")
      .replace(/[\u201c-\u201f\u2033\u00ab\u00bb]/g, '"')
      .replace(/[-\u2010-\u2015\u2212]+/g, '-')
      .trim()
      // Upper case first: it maps variants such as both small sigmas, or ß and ss, to the same letters.
      .toUpperCase()
      .toLowerCase()
      .normalize('NFKC')
  );
}
