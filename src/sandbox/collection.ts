/*
 * Collections: the objects of one kind, found by id or name.
 */
import type { Collection, Stored } from './model.ts';
import { conflict, notFound } from './problem.ts';

export interface CollectionOptions {
  /** Kind of the objects, for error messages. */
  readonly kind: string;
  /** Scope within which a name is unique; the organization (an empty text) by default. */
  readonly scopeOf?: (object: Stored) => string | undefined;
}

/** An empty collection. */
export function createCollection({ kind, scopeOf }: CollectionOptions): Collection {
  const objects = new Map<string, Stored>();
  const scopes = new Map<string, string>();
  const idsByScope = new Map<string, Set<string>>();
  const idByScopedName = new Map<string, string>();
  const idsByName = new Map<string, Set<string>>();

  const scopeOfId = (id: string) => scopes.get(id) ?? '';

  function index(object: Stored): void {
    const name = object.name.toLowerCase();
    idByScopedName.set(scopedName(scopeOfId(object.id), name), object.id);
    addTo(idsByName, name, object.id);
  }

  function unindex(object: Stored): void {
    const name = object.name.toLowerCase();
    idByScopedName.delete(scopedName(scopeOfId(object.id), name));
    takeFrom(idsByName, name, object.id);
  }

  function refuseTaken(name: string, scope: string, id: string): void {
    const holder = idByScopedName.get(scopedName(scope, name.toLowerCase()));
    if (holder === undefined || holder === id) return;
    throw conflict(`The name "${name}" is already in use.`, {
      detail: `Another ${kind.replaceAll('_', ' ')} has it; case makes no difference.`,
      remediation: 'Choose another name, or change the object that has it.',
      parameter: { id: '/name', location: 'body', value: name },
      resources: [{ type: kind, id: holder, rel: 'cause' }],
    });
  }

  function find(idOrName: string, scope?: string): Stored | undefined {
    const byId = objects.get(idOrName);
    if (byId) return scope === undefined || scopeOfId(byId.id) === scope ? byId : undefined;
    const name = idOrName.toLowerCase();
    const id =
      scope === undefined
        ? idsByName.get(name)?.values().next().value
        : idByScopedName.get(scopedName(scope, name));
    return id === undefined ? undefined : objects.get(id);
  }

  return {
    all: (scope) => {
      if (scope === undefined) return [...objects.values()];
      return [...(idsByScope.get(scope) ?? [])].flatMap((id) => objects.get(id) ?? []);
    },
    scopeOf: (id) => scopes.get(id),
    find,
    get: (idOrName, scope) => {
      const found = find(idOrName, scope);
      if (!found) throw notFound(kind, idOrName);
      return found;
    },
    add: (object, scope = scopeOf?.(object) ?? '') => {
      refuseTaken(object.name, scope, object.id);
      objects.set(object.id, object);
      scopes.set(object.id, scope);
      addTo(idsByScope, scope, object.id);
      index(object);
      return object;
    },
    replace: (object) => {
      const former = objects.get(object.id);
      if (!former) throw notFound(kind, object.id);
      refuseTaken(object.name, scopeOfId(object.id), object.id);
      unindex(former);
      objects.set(object.id, object);
      index(object);
      return object;
    },
    remove: (id) => {
      const former = objects.get(id);
      if (!former) return;
      unindex(former);
      takeFrom(idsByScope, scopeOfId(id), id);
      objects.delete(id);
      scopes.delete(id);
    },
  };
}

function scopedName(scope: string, name: string): string {
  return `${scope}\n${name}`;
}

function addTo(sets: Map<string, Set<string>>, key: string, id: string): void {
  const set = sets.get(key);
  if (set) set.add(id);
  else sets.set(key, new Set([id]));
}

function takeFrom(sets: Map<string, Set<string>>, key: string, id: string): void {
  const set = sets.get(key);
  set?.delete(id);
  if (set?.size === 0) sets.delete(key);
}
