import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/**
 * The tests that start no program and need no build: `npm run test:fast`. test/source is not among them, since the checker
 * of regular expressions is a program of its own.
 */
export default defineConfig({
  test: {
    ...base.test,
    include: ['test/{lib,observability,sandbox,tools}/**/*.test.ts', 'test/docs/documents.test.ts'],
  },
});
