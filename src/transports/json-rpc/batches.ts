import type { RequestId } from '@modelcontextprotocol/sdk/types.js';

/** Collects the responses of a batch, and sends them as one array once all are there (JSON-RPC 2.0, 6). */
export interface Batches {
  /**
   * @param waitingFor ids of its requests
   * @param answered texts of the responses that already exist
   */
  open(waitingFor: readonly RequestId[], answered: readonly string[]): void;
  /** Adds a response to its batch; false if it belongs to none. */
  take(id: RequestId, text: string): boolean;
  /** A cancelled request gets no response, so its batch stops waiting for it. */
  drop(id: RequestId): void;
  /** Sends the collected responses of incomplete batches. */
  flush(): void;
}

interface Batch {
  open: number;
  readonly answers: string[];
}

export function createBatches(write: (text: string) => void): Batches {
  const waiting = new Map<RequestId, Batch[]>();
  const batches = new Set<Batch>();

  const finish = (batch: Batch) => {
    batches.delete(batch);
    if (batch.answers.length > 0) write(`[${batch.answers.join(',')}]`);
  };
  const settle = (id: RequestId): Batch | undefined => {
    const [batch, ...others] = waiting.get(id) ?? [];
    if (others.length > 0) waiting.set(id, others);
    else waiting.delete(id);
    if (batch) batch.open -= 1;
    return batch;
  };
  return {
    open: (waitingFor, answered) => {
      const batch = { open: waitingFor.length, answers: [...answered] };
      if (batch.open === 0) return finish(batch);
      batches.add(batch);
      for (const id of waitingFor) waiting.set(id, [...(waiting.get(id) ?? []), batch]);
    },
    take: (id, text) => {
      if (waiting.size === 0) return false;
      const batch = settle(id);
      if (!batch) return false;
      batch.answers.push(text);
      if (batch.open === 0) finish(batch);
      return true;
    },
    drop: (id) => {
      const batch = waiting.size === 0 ? undefined : settle(id);
      if (batch?.open === 0) finish(batch);
    },
    flush: () => {
      waiting.clear();
      for (const batch of [...batches]) finish(batch);
    },
  };
}
