import { namedSchema } from './facts.ts';

/**
 * Returns the fields of a request body that its schema defines. Others are dropped, as a typed server would, and
 * neither stored nor shown.
 */
export function knownFields(schemaName: string, body: unknown): Record<string, unknown> {
  const known = (namedSchema(schemaName).properties ?? {}) as Record<string, unknown>;
  const given = Object.entries(body as Record<string, unknown>);
  return Object.fromEntries(given.filter(([name]) => Object.hasOwn(known, name)));
}
