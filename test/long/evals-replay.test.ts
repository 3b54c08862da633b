import { describe } from 'vitest';
import { replayAll } from '../evals/replay-all.ts';

// Those of the compact surface are replayed in test/evals.
describe('recordings of evals', () => replayAll('full'));
