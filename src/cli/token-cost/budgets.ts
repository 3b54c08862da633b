/**
 * What this server may cost a model, in tokens (o200k). Tests hold these figures, and the command `tools --tokens` shows
 * them beside what is measured.
 *
 * A model reads name, description and schema of a tool; the compact surface is counted as it is sent, with titles and
 * hints, since it is short enough for that.
 */
export const budgets = {
  /** All tools of the full surface. */
  full: 12_000,
  /** Those of them that read. */
  reading: 4_500,
  /** The preset for observing. */
  observe: 2_500,
  /** Any one tool. */
  tool: 600,
  /** All tools of the compact surface. */
  compact: 800,
  /** What a model has before its first call there. */
  compactStart: 1_500,
  /** What the server says of itself, without the index of names that the compact surface adds. */
  instructions: 400,
  /** An everyday task on the compact surface, from the first question to the answer. */
  task: 1_500,
} as const;
