/** A Map, WeakMap or LRUCache. */
interface Store<Key, Value> {
  get(key: Key): Value | undefined;
  set(key: Key, value: NoInfer<Value>): unknown;
}

/** The value that is stored under a key; where there is none yet, the one that `create` gives is stored. */
export function getOrCreate<Key, Value extends {}>(
  store: Store<Key, Value>,
  key: Key,
  create: () => Value,
): Value {
  const stored = store.get(key);
  if (stored !== undefined) return stored;
  const created = create();
  store.set(key, created);
  return created;
}
