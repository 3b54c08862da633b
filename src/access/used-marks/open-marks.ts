import type { UsedMarks } from './used-marks.ts';

/** Opens marks: in Redis for a `redis://` or `rediss://` URL, else in a directory. @throws Error */
export async function openUsedMarks(named: string): Promise<UsedMarks> {
  if (/^rediss?:\/\//i.test(named)) return (await import('./redis-marks.ts')).openRedisMarks(named);
  return (await import('./directory-marks.ts')).openDirectoryMarks(named);
}
