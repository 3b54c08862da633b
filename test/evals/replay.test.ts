import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readRecordings } from '../../evals/recording.ts';
import { readResults, resultsPage } from '../../evals/results.ts';
import { startStage } from '../../evals/stage.ts';
import { readTask, surfaces, taskNames } from '../../evals/task.ts';
import { replayAll } from './replay-all.ts';

const recordings = readRecordings();
const tasks = taskNames();

/** Tasks that are done by changing nothing. Their state says nothing before the agent has worked; their answers do. */
const changesNothing = (name: string) => {
  const { about } = readTask(name).metadata.labels;
  return !['change', 'delete', 'batch', 'secret', 'limited-token', 'pinned'].includes(about);
};

describe('tasks', () => {
  test('there are at least 22, of each kind', () => {
    expect(tasks.length).toBeGreaterThanOrEqual(22);
    const kinds = new Set(tasks.map((name) => readTask(name).metadata.labels.about));
    expect([...kinds].sort()).toEqual([
      'ambiguous',
      'batch',
      'change',
      'delete',
      'large',
      'limited-token',
      'pinned',
      'planted',
      'question',
      'read-only',
      'refusal',
      'secret',
    ]);
  });

  test.concurrent.each(tasks)('%s is not done before an agent has worked', async (name) => {
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

describe('recordings', () => {
  // Those of the full surface are replayed in test/long.
  replayAll('compact');

  test('each has a published result, and each result a recording', () => {
    const published = surfaces.flatMap((surface) =>
      readResults(surface).map(({ task, calls, by, date }) => ({ task, surface, calls, by, date })),
    );
    const recorded = recordings.map(({ task, surface, exchanges, by, date }) => ({
      task,
      surface,
      calls: exchanges.length,
      by,
      date,
    }));
    expect(published).toEqual(recorded);
  });

  test('docs/evals.md shows the published results', () => {
    const page = readFileSync(new URL('../../docs/evals.md', import.meta.url), 'utf8');
    expect(page).toBe(resultsPage());
  });
});
