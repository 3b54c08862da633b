import type { OpenPage } from './secrets/prompt.ts';

/** The MCP client that a call comes from. */
export interface McpClient {
  /** As it introduced itself. */
  readonly name: string | undefined;
  /** Tells it how far a call is; where it wants to know. */
  readonly reportProgress?: ((done: number, of: number) => void) | undefined;
  /** Of a transport that keeps sessions. */
  readonly sessionId: string | undefined;
  /**
   * Has its person fill in a form; where it can.
   *
   * @returns the client's answer, unchecked
   * @throws when there is none within so many milliseconds
   */
  readonly showForm?:
    | ((
        question: FormRequest,
        limits: { readonly within: number; readonly signal: AbortSignal },
      ) => Promise<unknown>)
    | undefined;
  /** Has its person open a page of this machine; where it can. */
  readonly openPage?: OpenPage | undefined;
}

/** A form for a person (MCP specification 2025-11-25, elicitation). */
export interface FormRequest {
  readonly message: string;
  /** JSON Schema of a flat object. */
  readonly requestedSchema: object;
}
