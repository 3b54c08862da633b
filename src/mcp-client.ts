import type { OpenPage } from './secrets/prompt.ts';
import type { FormRequest } from './tools/input-required.ts';

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
  /** Asks the person between two requests of the same call; undefined if the client cannot be asked so. */
  readonly input?: InputExchange | undefined;
}

/**
 * A client that answers questions by repeating the call (MCP specification 2026-07-28, multi round-trip requests). It
 * then has neither `showForm` nor `openPage`.
 */
export interface InputExchange {
  readonly hasForms: boolean;
  /** Whether the client opens pages, and runs on this machine. */
  readonly hasPages: boolean;
  /** `requestState` of the repeated request, unchecked; undefined for the first request. */
  readonly state: unknown;
  /** `inputResponses` of the repeated request, unchecked. */
  readonly responses: unknown;
}
