import { walkDecoding } from '../e2e/decoding-walk.ts';

// fast-check names the seed of a failure, with which it is repeated.
walkDecoding(150, Date.now());
