/*
 * V8 collects garbage when the heap has grown by far more than one large answer is worth. A process that runs on the
 * machine of one person beside all else they do stays small if it collects as soon as a large answer leaves garbage:
 * reading 10 MB three times takes up to 37 MB then, and up to 93 MB otherwise (test/long/memory.test.ts).
 *
 * Everything in the process waits for such a collection, about 50 ms. That is why it is off unless it was enabled,
 * and a server of many callers does not enable it. There V8 decides: of 48 answers of 10 MB one after another, the
 * process grew by 200 MB over the first thirty, then little more; with forced collections it grew by 50 MB.
 */
type Collect = (onlyYoung?: boolean) => void;

/** As a boolean, which V8 of Node 20 knows; later ones take any object of options for the same. */
const onlyYoung = true;

let isEnabled = false;
let collector: Collect | undefined;

/** For a process that serves one caller. */
export function enableForcedCollection(): void {
  isEnabled = true;
}

/** Collects all that is no longer used, if that is enabled. */
export function collectGarbage(): void {
  if (isEnabled) findCollector()();
}

/** Collects what is no longer used of what is new, which takes a fraction of the time, if that is enabled. */
export function collectNewGarbage(): void {
  if (isEnabled) findCollector()(onlyYoung);
}

/** Node offers it only to those who start it with a flag. */
function findCollector(): Collect {
  if (collector) return collector;
  process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc');
  const { runInNewContext } = process.getBuiltinModule('node:vm');
  collector = (runInNewContext('globalThis.gc') as Collect | undefined) ?? (() => {});
  return collector;
}
