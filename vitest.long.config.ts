import { defineConfig } from 'vitest/config';

/** Fuzz, soak and kill matrices, each with a fixed count: `npm run test:long`. */
export default defineConfig({
  test: {
    include: ['test/long/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
