/** Marks that keep an answer from being used twice. Every method fails when the marks cannot be reached. */
export interface UsedMarks {
  /**
   * Marks an id as used.
   *
   * @param until milliseconds since 1970 until which the mark is needed
   * @returns true for the first caller only, also among several processes that share the marks
   */
  use(id: string, until: number): Promise<boolean>;
  close(): Promise<void>;
}

/** Marks in memory: for one process, whose states end with it. */
export function createMemoryMarks(): UsedMarks {
  const used = new Map<string, number>();
  return {
    use: async (id, until) => {
      const now = Date.now();
      for (const [other, end] of used) if (end <= now) used.delete(other);
      if (used.has(id)) return false;
      used.set(id, until);
      return true;
    },
    close: async () => {},
  };
}
