/*
 * The connector operations in the fact sheet (schema OperationId), split into parts. Other properties, such as
 * method and path, are invented from the words of the id.
 */
import { createHash } from 'node:crypto';
import { namedSchema } from './facts.ts';
import type { ProviderFact } from './provider-facts.ts';
import { listCategories } from './providers.ts';

/** One connector operation, such as `siem_query_events`. */
export interface ConnectorOperation {
  readonly id: string;
  readonly category: string;
  /** The id without its category, such as `query_events`. */
  readonly name: string;
  readonly fullname: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly hasBody: boolean;
}

const methods: Readonly<Record<string, ConnectorOperation['method']>> = {
  query: 'GET',
  get: 'GET',
  list: 'GET',
  download: 'GET',
  retrieve: 'GET',
  update: 'PUT',
  upload: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  clear: 'DELETE',
};

let known: readonly ConnectorOperation[] | undefined;

/** All connector operations of the fact sheet. */
export function listConnectorOperations(): readonly ConnectorOperation[] {
  known ??= (namedSchema('OperationId').enum as string[]).map(describe);
  return known;
}

/** Name of the request body's schema in the engine document. */
export function bodySchemaName(operation: ConnectorOperation): string {
  return `${operation.id}_request`;
}

/**
 * Whether a provider supports an operation of its category. Mocks support all, and real ones all reads; the
 * supported writes are derived from the names, so they are the same each time.
 */
export function isSupported(provider: ProviderFact, operation: ConnectorOperation): boolean {
  if (operation.category !== provider.category) return false;
  if (provider.mock || operation.method === 'GET') return true;
  const digest = createHash('sha256').update(`${provider.id} ${operation.id}`).digest();
  return (digest[0] ?? 0) < 150;
}

function describe(id: string): ConnectorOperation {
  const category = listCategories().find((one) => id.startsWith(`${one}_`)) ?? id;
  const name = id.slice(category.length + 1);
  const words = name.split('_');
  const method = methods[words[0] ?? ''] ?? 'POST';
  const phrase = words.join(' ');
  return {
    id,
    category,
    name,
    fullname: phrase.charAt(0).toUpperCase() + phrase.slice(1),
    method,
    path: `/v1/${category}/${name.replaceAll('_', '-')}`,
    hasBody: method !== 'GET' && method !== 'DELETE',
  };
}
