import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/long/**', 'test/hostile/**', '**/node_modules/**'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Most tests wait for programs that they have started; one worker less than cores would wait in a row.
    maxWorkers: Math.max(4, availableParallelism()),
    // No test changes what another imports; importing the catalogue anew takes longer than most files.
    isolate: false,
  },
});
