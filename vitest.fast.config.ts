import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** The tests that start no program and need no build: `npm run test:fast`. */
export default defineConfig({
  test: {
    ...base.test,
    include: ['test/{lib,observability,sandbox,source,tools}/**/*.test.ts', 'test/docs/documents.test.ts'],
  },
});
