import { writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

/** Files of one name that a directory holds at most. */
const maxNumber = 1000;

/**
 * Writes a file that only this user can read. An existing file is kept: the new one then gets a number, as in `report-2.csv`.
 *
 * @returns the path of the file
 * @throws Error when it cannot be written
 */
export async function writeNewFile(directory: string, name: string, text: string | Buffer): Promise<string> {
  const extension = extname(name);
  const base = name.slice(0, name.length - extension.length);
  for (let number = 1; ; number += 1) {
    const path = join(directory, number === 1 ? name : `${base}-${number}${extension}`);
    try {
      // `wx` fails for whatever is there, also for a link.
      await writeFile(path, text, { flag: 'wx', mode: 0o600 });
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || number === maxNumber) throw error;
    }
  }
}
