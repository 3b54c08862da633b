import type { Tool } from '../tools/tool.ts';

/** What is told of operations where they are not tools. */
export interface OperationIndex {
  /** The operations that are left, as they are published. */
  readonly tools: readonly Tool[];
  /** Whether pins leave an operation in sight. What only the policy hides is refused by the call itself. */
  isVisible(id: string): boolean;
}
