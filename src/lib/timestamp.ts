/** An RFC 3339 time with a fraction of any length. */
const form = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([-+])([01]\d|2[0-3]):([0-5]\d))$/;

/**
 * Whether two texts are the same time, to the last digit: a Date has milliseconds, while the API writes nine
 * digits. Texts that are not RFC 3339 times must be equal.
 */
export function isSameMoment(one: string, other: string): boolean {
  if (one === other) return true;
  const [first, second] = [momentOf(one), momentOf(other)];
  return first !== undefined && first === second;
}

/** Whether a text is an RFC 3339 time. */
export function isMoment(text: string): boolean {
  return momentOf(text) !== undefined;
}

/** Normalizes a time: equal for equal times. */
function momentOf(text: string): string | undefined {
  const [, date, time, fraction = '', sign, hours, minutes] = form.exec(text) ?? [];
  const local = `${date}T${time}`;
  const milliseconds = Date.parse(`${local}Z`);
  // Date accepts days and hours that do not exist, and takes the next valid ones.
  if (Number.isNaN(milliseconds) || !new Date(milliseconds).toISOString().startsWith(local)) return undefined;
  const offset = (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
  let end = fraction.length;
  while (fraction[end - 1] === '0') end -= 1;
  return `${milliseconds - offset * 60_000}.${fraction.slice(0, end)}`;
}
