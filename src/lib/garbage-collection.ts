import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (onlyYoung?: boolean) => void;

/** As a boolean, which V8 of Node 20 knows; it takes any object of options for this. */
const onlyYoung = true;

let collector: Collect | undefined;

/** Collects what is no longer used, also what has been for long. */
export function collectGarbage(): void {
  collector ??= findCollector();
  collector();
}

/** Collects what is no longer used of what is new: it takes a small part of the time. */
export function collectNewGarbage(): void {
  collector ??= findCollector();
  collector(onlyYoung);
}

/** Node gives it only to those who start it with a flag. */
function findCollector(): Collect {
  setFlagsFromString('--expose-gc');
  const found = runInNewContext('globalThis.gc') as Collect | undefined;
  return found ?? (() => {});
}
