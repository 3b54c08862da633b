/** Exit status for an invalid command line or setting. */
export const usageError = 2;
