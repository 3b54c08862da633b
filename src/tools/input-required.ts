/** What a call needs from the person before it can go on. */
export interface InputRequired {
  /** The questions, each under a key that its answer repeats. */
  readonly requests: Readonly<Record<string, InputRequest>>;
  /** Opaque text that the client sends back with the answers. */
  readonly state: string;
}

/** A question in the form of MCP's `elicitation/create`. */
export interface InputRequest {
  readonly method: 'elicitation/create';
  readonly params:
    | ({ readonly mode: 'form' } & FormRequest)
    | { readonly mode: 'url'; readonly message: string; readonly url: string };
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
