import { meaningsOf } from './features.ts';
import { termsIn } from './words.ts';

interface Described {
  readonly name: string;
  readonly title: string;
  readonly description: string;
}

/** The share of a query's words that a skill must have, and how many skills a query finds. */
const [minShare, maxFound] = [0.65, 2];

/**
 * The skills that a query asks for, the best first: those that have most of its words, and in their title one that says
 * what to do. Words for the same object, such as customer and tenant, count as the same.
 */
export function matchSkills<Skill extends Described>(
  query: string,
  skills: readonly Skill[],
): readonly Skill[] {
  const terms = [...new Set(termsIn(query))];
  const matches = skills.flatMap((skill) => {
    const titled = keysOf(`${skill.name} ${skill.title}`);
    const described = keysOf(skill.description);
    const inTitle = terms.filter((term) => isIn(titled, term));
    const inAny = terms.filter((term) => isIn(titled, term) || isIn(described, term));
    const share = inAny.length / terms.length;
    const saysWhat = inTitle.some((term) => titled.has(term) && objectsOf(term).length === 0);
    return saysWhat && share >= minShare ? [{ skill, score: share + inTitle.length / terms.length }] : [];
  });
  matches.sort((one, other) => other.score - one.score);
  return matches.slice(0, maxFound).map(({ skill }) => skill);
}

/** The words of a text, and the objects that they are words for. */
function keysOf(text: string): ReadonlySet<string> {
  return new Set(termsIn(text).flatMap((term) => [term, ...objectsOf(term)]));
}

const objectsOf = (term: string) => meaningsOf(term).filter((meaning) => meaning.startsWith('@group:'));

const isIn = (keys: ReadonlySet<string>, term: string) =>
  keys.has(term) || objectsOf(term).some((object) => keys.has(object));
