/**
 * Whether a whole name fits a pattern in which `*` stands for any characters. What stands between two stars is sought
 * once, from behind what was found before: the first place that fits leaves the most for the rest, so that no other
 * need be tried.
 */
export function fitsPattern(name: string, pattern: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  const last = others.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of others) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + last.length <= name.length;
}
