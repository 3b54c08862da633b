import { defineConfig } from 'vitest/config';

/** Fuzz, soak, kill matrices and hostile callers, each with a fixed count: `npm run test:long`. */
export default defineConfig({
  test: {
    include: ['test/long/**/*.test.ts', 'test/hostile/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: 2,
  },
});
