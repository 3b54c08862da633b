/**
 * Token budgets of this server (o200k). Tests check them, and `tools --tokens` shows them beside the measured
 * costs.
 *
 * A model reads the name, description and schema of a tool; the compact surface, which is short, is counted as
 * sent, with titles and hints.
 */
export const budgets = {
  /** All tools of the full surface. */
  full: 12_500,
  /** Its read tools. */
  reading: 4_500,
  /** The preset `observe`. */
  observe: 2_800,
  /** Any one tool. */
  tool: 600,
  /** All tools of the compact surface. */
  compact: 900,
  /** Tools and instructions of the compact surface. */
  compactStart: 1_500,
  /** The server's instructions, without what the compact surface adds. */
  instructions: 400,
  /** An everyday task on the compact surface, from the first question to the answer. */
  task: 1_500,
} as const;
