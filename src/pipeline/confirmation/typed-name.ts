import type { Arguments } from '../../lib/json.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { maxShownLength, quoted } from '../../lib/quote-text.ts';
import type { Operation } from '../../tools/define-operation.ts';

/** What a person types to show that they mean this object. */
export interface TypedName {
  /** What of the object is asked for; `tool` stands for the name of the operation, where nothing else can be typed. */
  readonly kind: 'name' | 'id' | 'tool';
  /** As it is shown, before it is quoted. */
  readonly shown: string;
  /** Whether this is what was asked for, given what came back from the form. */
  accepts(answer: unknown): boolean;
}

/**
 * What must be typed: the object's name; its id, where the name is too long or has signs that a keyboard has not; where
 * the object could not be read, what the call itself names.
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
  // Whoever pastes the whole name, however long, has shown more than was asked for.
  const accepted = new Set([shown, name ?? shown].flatMap(spellingsOf));
  return { kind, shown, accepts: (answer) => typeof answer === 'string' && isAmong(answer, accepted) };
}

/** Signs that cannot be seen, that turn the writing around, or that no keyboard has. */
const untypable = /[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800]/u;

function isTypable(text: unknown): text is string {
  if (typeof text !== 'string' || untypable.test(text) || plain(text) === '') return false;
  return JSON.stringify(text).length <= maxShownLength;
}

/** A text as it is, and as a question shows it: quoted, with escapes. */
function spellingsOf(text: string): readonly string[] {
  // Of what holds nothing to type, the quotes alone would be left.
  if (plain(text) === '') return [];
  const asShown = quoted(text, Number.POSITIVE_INFINITY);
  return [text, asShown, asShown.slice(1, -1)].map(plain);
}

function isAmong(answer: string, accepted: ReadonlySet<string>): boolean {
  const typed = plain(answer);
  const [, , inQuotes] = /^(["'`])(.*)\1$/.exec(typed) ?? [];
  return accepted.has(typed) || (inQuotes !== undefined && accepted.has(inQuotes.trim()));
}

/**
 * A text without what forms, keyboards and clients change on the way: composed letters, full width, blanks, signs that
 * cannot be seen, curly quotes, long dashes, and letter case, which tells no two names of the API apart.
 */
function plain(text: string): string {
  return (
    text
      .normalize('NFKC')
      .replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
      .replace(/[\s\p{Cc}\u2800]+/gu, ' ')
      .replace(/[\u2018\u2019\u201a\u201b\u2032]/g, "'")
      .replace(/[\u201c-\u201f\u2033\u00ab\u00bb]/g, '"')
      .replace(/[-\u2010-\u2015\u2212]+/g, '-')
      .trim()
      // Capitals first: only they are the same for some letters, such as both small sigmas, or ß and ss.
      .toUpperCase()
      .toLowerCase()
      .normalize('NFKC')
  );
}
