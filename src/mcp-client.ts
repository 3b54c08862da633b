/** The program that a call comes from. */
export interface ClientPort {
  /** As it introduced itself. */
  readonly name: string | undefined;
  /** Tells it how far a call is; where it wants to know. */
  readonly report?: ((done: number, of: number) => void) | undefined;
  /** Of a transport that keeps sessions. */
  readonly sessionId: string | undefined;
  /**
   * Has its person fill in a form; where it can.
   *
   * @returns the client's answer, unchecked
   * @throws when there is none within so many milliseconds
   */
  readonly askForm?:
    | ((
        question: Question,
        limits: { readonly within: number; readonly signal: AbortSignal },
      ) => Promise<unknown>)
    | undefined;
  /**
   * Has its person open a page of this machine; where it can.
   *
   * @returns the client's answer, unchecked: that the person agreed to open it
   * @throws when there is none within so many milliseconds
   */
  readonly askToVisit?:
    | ((visit: Visit, limits: { readonly within: number; readonly signal: AbortSignal }) => Promise<unknown>)
    | undefined;
}

/** A page for a person to open (MCP specification 2025-11-25, elicitation in URL mode). */
export interface Visit {
  readonly message: string;
  readonly url: string;
  readonly elicitationId: string;
}

/** A form for a person (MCP specification 2025-11-25, elicitation). */
export interface Question {
  readonly message: string;
  /** JSON Schema of a flat object. */
  readonly requestedSchema: object;
}
