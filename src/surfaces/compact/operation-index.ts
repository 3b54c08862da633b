import type { ToolCallWriter } from '../../skills/render.ts';
import type { Tool } from '../../tools/tool.ts';

/** The operations that the compact surface finds and runs. */
export interface OperationIndex {
  /** The selected operations and the workflows, as they are published. */
  readonly tools: readonly Tool[];
  /** Whether the pins leave an operation visible. The call itself refuses what only the policy hides. */
  isVisible(id: string): boolean;
  /** How they are called, for the steps of skills. */
  readonly toolCall: ToolCallWriter;
}
