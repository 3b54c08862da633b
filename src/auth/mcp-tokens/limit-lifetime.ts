import type { JsonObject } from '../../lib/json.ts';

const milliseconds: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
/** What Synqly takes where no life is given (Management API, `POST /v1/tokens/mcp`). */
const usual = '1h';

/** The body of a request for a token, with a life that ends within a second of a given moment, if not before. */
export function endingBy(body: JsonObject, end: number, now: number): JsonObject {
  const left = Math.max(1000, end - now);
  const wanted = durationIn(String(body.token_ttl ?? usual));
  // What is no duration is for Synqly to refuse.
  if (wanted === undefined || wanted <= left) return body;
  return { ...body, token_ttl: `${Math.ceil(left / 1000)}s` };
}

/** Milliseconds of a duration as Go writes them, such as `1h30m`. */
function durationIn(text: string): number | undefined {
  if (text.length > 100 || !/^(?:\d+(?:\.\d+)?(?:h|ms|m|s))+$/.test(text)) return undefined;
  const parts = text.split(/(?<=[a-z])(?=\d)/);
  return parts.reduce((sum, part) => {
    return sum + Number.parseFloat(part) * (milliseconds[part.replaceAll(/[\d.]/g, '')] ?? 0);
  }, 0);
}
