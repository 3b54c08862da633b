import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import type { Operation } from '../../tools/define-operation.ts';

/** The zero time of the API's language, which stands for no time. */
const zeroTime = /^0001-01-01T00:00:00(?:\.0+)?Z$/;

/** Times of members for which the zero time is known to mean that there is none, and how that is shown. */
const absentTimes: Readonly<Record<string, unknown>> = { last_logon: 'never', pin_expires: null };

/** The result of a call about members, with words for the times that there are not. */
export function withoutZeroTimes({ group }: Operation, value: unknown): unknown {
  if (group !== 'members') return isJsonObject(value) ? withMember(value) : value;
  if (Array.isArray(value)) return value.map((row) => (isJsonObject(row) ? withAbsentTimes(row) : row));
  return isJsonObject(value) ? withMember(withAbsentTimes(value)) : value;
}

/** `members_create`, `subOrgs_create` and `auth_logon` return the member inside their result. */
function withMember(result: JsonObject): JsonObject {
  return isJsonObject(result.member) ? { ...result, member: withAbsentTimes(result.member) } : result;
}

function withAbsentTimes(member: JsonObject): JsonObject {
  const absent = Object.entries(absentTimes).filter(([name]) => zeroTime.test(String(member[name])));
  return absent.length === 0 ? member : { ...member, ...Object.fromEntries(absent) };
}
