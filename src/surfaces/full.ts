import { type CallResult, runCall } from '../calls/call.ts';
import type { Session } from '../session.ts';
import { type Annotations, annotationsOf, type Operation } from '../tools/operation.ts';
import { type InputSchema, inputSchemaOf } from '../tools/schema.ts';

/** A tool as clients see it (MCP specification 2025-11-25, tools). */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: InputSchema;
  readonly annotations: Annotations;
}

/** What a client is shown of the selected operations, and how it runs them. */
export interface Surface {
  readonly tools: readonly Tool[];
  /** Runs a tool; undefined when there is none of that name. */
  call(
    name: string,
    args: unknown,
    session: Session,
    cancelled: AbortSignal,
  ): Promise<CallResult> | undefined;
}

/** One tool for each operation. Schemas are converted here, once for the life of the surface. */
export function createFullSurface(operations: readonly Operation[]): Surface {
  const byName = new Map(operations.map((operation) => [operation.id, operation]));
  return {
    tools: operations.map(toTool),
    call: (name, args, session, cancelled) => {
      const operation = byName.get(name);
      return operation && runCall(operation, args, session, cancelled);
    },
  };
}

function toTool(operation: Operation): Tool {
  return {
    name: operation.id,
    title: operation.title,
    description: operation.summary,
    inputSchema: inputSchemaOf(operation),
    annotations: annotationsOf(operation),
  };
}
