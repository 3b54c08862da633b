import { readdirSync, readFileSync } from 'node:fs';

/**
 * Milliseconds that the threads of a process have run, which other processes of the machine hardly change. From Linux's
 * scheduler (Documentation/scheduler/sched-stats.rst); not a number elsewhere.
 */
export function processorTime(pid: number | undefined): number {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    const nanoseconds = tasks.map((task) =>
      Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
    );
    return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e6;
  } catch {
    return Number.NaN;
  }
}
