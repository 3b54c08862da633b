import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readRecordings } from '../../evals/recording.ts';
import { readResults, resultsPage } from '../../evals/results.ts';
import { readTask, surfaces, taskNames } from '../../evals/task.ts';
import { replayAll } from './replay-all.ts';

const recordings = readRecordings();
const tasks = taskNames();

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
