import type { JsonObject } from '../../lib/json.ts';

const milliseconds: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
/** Synqly's default lifetime (Management API, `POST /v1/tokens/mcp`). */
const defaultTtl = '1h';

/** Limits the lifetime in a token request, so that the token expires at most a second after `end`. */
export function limitLifetime(body: JsonObject, end: number, now: number): JsonObject {
  const left = Math.max(1000, end - now);
  const wanted = durationIn(String(body.token_ttl ?? defaultTtl));
  // Synqly rejects invalid durations.
  if (wanted === undefined || wanted <= left) return body;
  return { ...body, token_ttl: `${Math.ceil(left / 1000)}s` };
}

/** Milliseconds of a duration in Go's format, such as `1h30m`. */
function durationIn(text: string): number | undefined {
  if (text.length > 100 || !/^(?:\d+(?:\.\d+)?(?:h|ms|m|s))+$/.test(text)) return undefined;
  const parts = text.split(/(?<=[a-z])(?=\d)/);
  return parts.reduce((sum, part) => {
    return sum + Number.parseFloat(part) * (milliseconds[part.replaceAll(/[\d.]/g, '')] ?? 0);
  }, 0);
}
