import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/long/**', 'test/hostile/**', '**/node_modules/**'],
    // Far longer than anything takes, so that a busy machine fails no test.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    // Most tests wait for programs that they have started; one worker less than cores would wait in a row.
    maxWorkers: Math.max(4, availableParallelism()),
    // No test changes what another imports; importing the catalogue anew takes longer than most files.
    isolate: false,
  },
});
