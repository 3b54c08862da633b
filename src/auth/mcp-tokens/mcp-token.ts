import { timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import type { Pins } from '../../access/pins.ts';

const scope = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('management'),
    environment: z.enum(['test', 'prod']).optional(),
    account_id: z.string().min(1).optional(),
  }),
  z.object({ type: z.literal('developer'), account_id: z.string().min(1) }),
  z.object({ type: z.literal('integration-usage'), account_id: z.string().min(1) }),
]);

/** What an MCP token opens, as the Management API names it (`POST /v1/tokens/mcp`, `scope`). */
export type McpScope = z.infer<typeof scope>;

/** MCP tokens that are made with MCP tokens one after the other; each is looked up when the last one is used. */
export const maxMakers = 8;

/** What is kept of an MCP token, in its place. */
export const grantSchema = z.object({
  /** SHA-256 of the token, hexadecimal. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** Base URL of the Synqly whose organization it is for: one store may serve several gateways. */
  audience: z.string(),
  scope,
  /** For people; may be empty. */
  label: z.string(),
  /** ISO 8601. */
  created: z.iso.datetime(),
  expires: z.iso.datetime(),
  /** SHA-256 of the MCP tokens it was made with, hexadecimal: it is good while all of them are. */
  makers: z
    .array(z.string().regex(/^[0-9a-f]{64}$/))
    .max(maxMakers)
    .optional(),
});

export type Grant = Readonly<z.infer<typeof grantSchema>>;

/** Reads a scope as it stands in a request. @throws ZodError */
export function readScope(value: unknown): McpScope {
  return scope.parse(value);
}

/** Whether a kept grant is this token's, for this Synqly, and not expired. Compares in constant time. */
export function isGood(grant: Grant, hash: string, audience: string, now: number): boolean {
  const same = timingSafeEqual(Buffer.from(grant.hash, 'hex'), Buffer.from(hash, 'hex'));
  return same && grant.audience === audience && Date.parse(grant.expires) > now;
}

/**
 * What a scope holds its bearer to: an account overrides an environment (Management API, MCP token scope).
 * Undefined when it opens the whole organization.
 */
export function pinsOfScope(scope: McpScope): Pins | undefined {
  if (scope.account_id !== undefined) return { account: scope.account_id };
  const environment = scope.type === 'management' ? scope.environment : undefined;
  return environment === undefined ? undefined : { environment };
}
