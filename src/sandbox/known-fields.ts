import { namedSchema } from './facts.ts';

/**
 * The part of a request body that its schema knows. What else it holds is dropped, as a typed server would,
 * and so neither stored nor shown.
 */
export function knownFields(schemaName: string, body: unknown): Record<string, unknown> {
  const known = (namedSchema(schemaName).properties ?? {}) as Record<string, unknown>;
  const given = Object.entries(body as Record<string, unknown>);
  return Object.fromEntries(given.filter(([name]) => Object.hasOwn(known, name)));
}
