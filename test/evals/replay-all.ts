import { expect, test } from 'vitest';
import { readRecordings } from '../../evals/recording.ts';
import { replay } from '../../evals/replay.ts';
import type { Surface } from '../../evals/task.ts';

/** A test for each recording of a surface: whether the server still answers so that the task is done. */
export function replayAll(surface: Surface): void {
  const recordings = readRecordings().filter((recording) => recording.surface === surface);
  test.concurrent.each(recordings.map((recording) => [recording.task, recording] as const))(
    `%s is done as recorded on the ${surface} surface`,
    async (_, recording) => {
      const { problems } = await replay(recording);
      expect(problems).toEqual([]);
    },
  );
}
