import type { OpenPage } from './secrets/prompt.ts';

/** The MCP client that a call comes from. */
export interface McpClient {
  /** Its name, from `initialize`. */
  readonly name: string | undefined;
  /** Reports the progress of a call; undefined unless the client asked for it. */
  readonly reportProgress?: ((done: number, total: number) => void) | undefined;
  /** Id of the MCP session; undefined over stateless transports. */
  readonly sessionId: string | undefined;
  /**
   * Shows a form to the person; undefined if the client cannot.
   *
   * @returns the client's response, unchecked
   * @throws after `within` milliseconds without a response
   */
  readonly showForm?:
    | ((
        question: FormRequest,
        limits: { readonly within: number; readonly signal: AbortSignal },
      ) => Promise<unknown>)
    | undefined;
  /** Asks the person to open a page of this server; undefined if the client cannot. */
  readonly openPage?: OpenPage | undefined;
}

/** A form for a person (MCP specification 2025-11-25, elicitation). */
export interface FormRequest {
  readonly message: string;
  readonly requestedSchema: FormSchema;
}

/** JSON Schema of a flat object, whose fields are those of a form. */
export interface FormSchema {
  readonly type: 'object';
  readonly properties: Record<string, FormField>;
  readonly required: string[];
}

export type FormField =
  | { readonly type: 'boolean'; readonly title: string; readonly default: boolean }
  | { readonly type: 'string'; readonly title: string };
