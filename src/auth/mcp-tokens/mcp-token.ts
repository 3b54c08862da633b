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

/** The scope of an MCP token, as the Management API defines it (`POST /v1/tokens/mcp`, `scope`). */
export type McpScope = z.infer<typeof scope>;

/** Longest chain of MCP tokens created with one another; using the last one looks up each. */
export const maxMakers = 8;

/** What the store keeps of an MCP token. */
export const grantSchema = z.object({
  /** SHA-256 of the token, hexadecimal. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** Base URL of the Synqly API that it is for: gateways of several may share a store. */
  audience: z.string(),
  scope,
  /** A description for people; may be empty. */
  label: z.string(),
  /** ISO 8601. */
  created: z.iso.datetime(),
  expires: z.iso.datetime(),
  /** SHA-256 of the MCP tokens that it was created with, hexadecimal: it is valid while all of them are. */
  makers: z
    .array(z.string().regex(/^[0-9a-f]{64}$/))
    .max(maxMakers)
    .optional(),
});

export type Grant = Readonly<z.infer<typeof grantSchema>>;

/** Parses the scope of a request. @throws ZodError */
export function readScope(value: unknown): McpScope {
  return scope.parse(value);
}

/** Whether a grant belongs to this token and this Synqly API, and has not expired. Compares in constant time. */
export function isGrantValid(grant: Grant, hash: string, audience: string, now: number): boolean {
  const same = timingSafeEqual(Buffer.from(grant.hash, 'hex'), Buffer.from(hash, 'hex'));
  return same && grant.audience === audience && Date.parse(grant.expires) > now;
}

/**
 * The pins of a scope: an account overrides an environment (Management API, MCP token scope). Undefined for a scope
 * of the whole organization.
 */
export function pinsOfScope(scope: McpScope): Pins | undefined {
  if (scope.account_id !== undefined) return { account: scope.account_id };
  const environment = scope.type === 'management' ? scope.environment : undefined;
  return environment === undefined ? undefined : { environment };
}
