import { type ToolMeta, toolMeta } from './client-meta.ts';
import { type Annotations, annotationsOf, type Operation } from './define-operation.ts';
import type { ToolDefinition } from './define-tool.ts';
import { type InputSchema, inputSchemaOf } from './json-schema.ts';

/** A tool as clients see it (MCP specification 2025-11-25, tools). */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: InputSchema;
  readonly annotations: Annotations;
  readonly _meta?: ToolMeta;
}

/** The published form of an operation or a built-in tool. */
export function toTool(operation: Operation | ToolDefinition): Tool {
  const meta = toolMeta[operation.id];
  return {
    name: operation.id,
    title: operation.title,
    description: operation.summary,
    inputSchema: inputSchemaOf(operation),
    annotations: annotationsOf(operation),
    ...(meta && { _meta: meta }),
  };
}
