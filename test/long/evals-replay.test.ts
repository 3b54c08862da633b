import { describe, expect, test } from 'vitest';
import { startStage } from '../../evals/stage.ts';
import { readTask, taskNames } from '../../evals/task.ts';
import { replayAll } from '../evals/replay-all.ts';

/** Tasks that are done by changing nothing. Their state says nothing before the agent has worked; their answers do. */
const changesNothing = (name: string) => {
  const { about } = readTask(name).metadata.labels;
  return !['change', 'delete', 'batch', 'secret', 'limited-token', 'pinned'].includes(about);
};

describe('tasks', () => {
  test.concurrent.each(taskNames())('%s is not done before an agent has worked', async (name) => {
    const task = readTask(name);
    const stage = await startStage(task, 'compact');
    try {
      const problems = await stage.verifyState();
      const { contains, excludes } = task.evals.answer;
      if (changesNothing(name)) expect(problems).toEqual([]);
      if (problems.length === 0) expect([...contains, ...excludes]).not.toEqual([]);
    } finally {
      await stage.close();
    }
  });
});

// Those of the compact surface are replayed in test/evals.
describe('recordings', () => replayAll('full'));
