import { walkDecoding } from '../e2e/decoding-walk.ts';

// The same arguments each time; `test/long` tries more of them, and others with each run.
walkDecoding(6, 20_261_128);
