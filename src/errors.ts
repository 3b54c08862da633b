/**
 * Whether the same call may be sent again.
 * - `safe`: nothing was done, or doing it twice is the same as once.
 * - `check`: it may have taken effect; check before sending it again.
 * - `no`: it would fail again.
 */
export type Retry = 'safe' | 'check' | 'no';

interface ErrorDefinition {
  /** What the caller should do next. */
  readonly remediation: string;
  readonly retry: Retry;
}

/** Every error code of this server. Codes are stable: agents branch on them. */
export const errorCodes = {
  invalid_arguments: {
    remediation: 'Correct the arguments and call again. Nothing was sent.',
    retry: 'no',
  },
  invalid_request: {
    remediation:
      'Synqly refused a value. Read upstream.parameter and upstream.remediation, correct it and call again.',
    retry: 'no',
  },
  secret_reference: {
    remediation:
      'Correct each argument in arguments as its problem says. A reference must be the whole value of a secret argument. Nothing was sent.',
    retry: 'no',
  },
  secret_required: {
    remediation:
      'Nothing was sent. Show the person each URL of pages unchanged. The person opens it in a browser on the machine of this server, before it expires, and types the secret there, never in this chat. Then make the same call again.',
    retry: 'safe',
  },
  secret_refused: {
    remediation:
      'Nothing was sent, since the call returns a secret and this server does not return secrets. Ask the administrator to make the call over stdio, or to start the server with --reveal-secrets.',
    retry: 'no',
  },
  unauthorized: {
    remediation:
      "The server's Synqly token is missing, expired or of the wrong kind: the Management API takes an organization token, not an integration or MCP token. Ask the administrator to renew SYNQLY_TOKEN.",
    retry: 'no',
  },
  payment_required: {
    remediation:
      'The organization is disabled or its evaluation has ended; every call fails. Contact Synqly.',
    retry: 'no',
  },
  forbidden: {
    remediation:
      "The token's permission set or resources do not cover this call (permissionset_list shows what each set allows), or the object is built in and cannot be changed; upstream says which. Continue without this call, or ask the administrator for the permission.",
    retry: 'no',
  },
  not_found: {
    remediation:
      'No such object, or the token cannot see it. List the collection to find the id or name; credentials_lookup shows the owner of a credential.',
    retry: 'no',
  },
  outside_pin: {
    remediation:
      'This server only reaches the account or environment that it is pinned to, and the requested object is not known to belong to it. Nothing was changed. Tell the person that it cannot be reached here, and do not use an object with a similar name in its place.',
    retry: 'no',
  },
  not_selected: {
    remediation:
      'This tool is excluded by toolsets, allow or deny: settings of the administrator, or of the client (in its URL or headers). Continue without the tool, or ask the person to change the setting.',
    retry: 'no',
  },
  read_only: {
    remediation:
      'This server, or this client, may only read. Nothing was sent. Tell the person what you would have changed.',
    retry: 'no',
  },
  confirmation_required: {
    remediation:
      'Nothing was sent. Show confirmation.preview to the person. Only after they agree, call confirm_call with confirmation.id, before it expires.',
    retry: 'no',
  },
  confirmation_declined: {
    remediation:
      'Nothing was sent: the person did not agree, or did not answer. Ask the person before you try again.',
    retry: 'no',
  },
  confirmation_unknown: {
    remediation:
      'Nothing was sent: the id is unknown, already used or expired, or belongs to another caller. Make the original call again.',
    retry: 'no',
  },
  answer_rejected: {
    remediation:
      'Nothing was sent. Make the call again as a new one, without requestState, so that the person is asked again.',
    retry: 'no',
  },
  invalid_request_state: {
    remediation: 'Make the call again as a new one, without requestState. Nothing was sent.',
    retry: 'no',
  },
  state_store_unavailable: {
    remediation:
      'Nothing was sent. The administrator must check --state-store; then make the call again as a new one.',
    retry: 'safe',
  },
  object_changed: {
    remediation:
      'Nothing was sent: the object, or what depends on it, has changed since it was confirmed. Make the original call again, and show the person the new preview.',
    retry: 'no',
  },
  unknown_operation: {
    remediation: 'Nothing was sent. Use a name from closest, or find one with find_operations.',
    retry: 'no',
  },
  wrong_tool: {
    remediation:
      'Call the tool that the message names, with the same operation and arguments. Nothing was sent.',
    retry: 'no',
  },
  dependency_failed: {
    remediation: 'Nothing was sent. Correct the earlier call that failed, then make this call again.',
    retry: 'no',
  },
  method_not_allowed: {
    remediation: 'This Synqly installation does not offer the operation. Continue without it.',
    retry: 'no',
  },
  conflict: {
    remediation:
      'Most often a name is taken: upstream says which, and upstream.resources names the other object. Choose another name or value, or ask the person about the other object. Nothing was changed.',
    retry: 'no',
  },
  stale_object: {
    remediation:
      'The object has changed since you read it. Read it again and repeat the change with its new updated_at. Nothing was sent.',
    retry: 'no',
  },
  unsupported_media_type: {
    remediation:
      'Synqly did not accept the format of the request, which a proxy may have changed. The administrator must check --base-url.',
    retry: 'no',
  },
  authentication_failed: {
    remediation: 'Synqly refused the credentials; auth_code says why. Correct them and call again.',
    retry: 'no',
  },
  rate_limited: {
    remediation: 'Wait for retry_after_s seconds (if it is missing, a few seconds), then call again.',
    retry: 'safe',
  },
  gateway_error: {
    remediation:
      'A system behind Synqly failed: for integrations_create and integrations_verify the provider (check its URL and credential; upstream has its message), otherwise a gateway of Synqly (try again later).',
    retry: 'check',
  },
  server_error: {
    remediation:
      'Synqly failed. If the call changes something, check whether it took effect before you call again. If Synqly keeps failing, report request_id to Synqly.',
    retry: 'check',
  },
  unexpected_status: {
    remediation:
      'The Synqly Management API does not answer with this status. The administrator must check --base-url.',
    retry: 'no',
  },
  redirected: {
    remediation:
      'Redirects are not followed, so that no other host gets the token. The administrator must set --base-url to the final address.',
    retry: 'no',
  },
  invalid_response: {
    remediation:
      'The answer was not the JSON that Synqly sends. The administrator must check --base-url and any proxy.',
    retry: 'check',
  },
  response_too_large: {
    remediation:
      'Ask for less: a smaller limit, a filter, one object instead of a list. The administrator can raise --max-response-bytes.',
    retry: 'no',
  },
  connection_failed: {
    remediation:
      'Synqly could not be reached. Try again; if it keeps failing, the administrator must check the network, --base-url and HTTPS_PROXY.',
    retry: 'safe',
  },
  connection_lost: {
    remediation:
      'The connection to Synqly broke before the answer was complete. If the call changes something, check whether it took effect before you call again.',
    retry: 'check',
  },
  timeout: {
    remediation:
      'Synqly did not answer completely in time. If the call changes something, check whether it took effect before you call again. The administrator can raise --timeout (55 s at most).',
    retry: 'check',
  },
  cancelled: {
    remediation:
      'The client cancelled the call. If the call changes something, check whether it took effect.',
    retry: 'check',
  },
  interrupted: {
    remediation:
      'The server was stopped during the call. Once it has been restarted, check whether the call took effect before you call again.',
    retry: 'check',
  },
  output_failed: {
    remediation: 'The administrator must check --output-dir. To see the result, call again without save_as.',
    retry: 'safe',
  },
  audit_unavailable: {
    remediation:
      'Only reads are possible while the audit log cannot be written. The administrator must fix the file that --audit-log names. Nothing was sent.',
    retry: 'safe',
  },
  token_unavailable: {
    remediation: 'The administrator must put a valid token into the file that SYNQLY_TOKEN_FILE names.',
    retry: 'no',
  },
  token_not_kept: {
    remediation:
      'The gateway could not store this MCP token and will refuse it. The administrator must check --token-store; then create another token.',
    retry: 'no',
  },
  internal: {
    remediation: 'This server has a bug. Its log has the details; please report it.',
    retry: 'check',
  },
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof errorCodes;

/** Details of a failure. Texts that others wrote stay inside `upstream`, as data. */
export interface ErrorDetails {
  /** HTTP status of the response. */
  readonly status?: number | undefined;
  /** Synqly's id of the request, for Synqly's support. */
  readonly requestId?: string | undefined;
  /** Seconds to wait before the next attempt. */
  readonly retryAfter?: number | undefined;
  /** Overrides the default of the code. */
  readonly retry?: Retry | undefined;
  readonly remediation?: string | undefined;
  /** Invalid arguments. */
  readonly arguments?: readonly ArgumentProblem[] | undefined;
  readonly acceptedArguments?: readonly string[] | undefined;
  /** Operations or objects with names similar to the requested one. */
  readonly closest?: readonly string[] | undefined;
  /** A valid call: `tool` and `arguments`. */
  readonly example?: Readonly<Record<string, unknown>> | undefined;
  /** Synqly's code of an authentication that failed with a success status. */
  readonly authCode?: string | undefined;
  /** The call that waits for confirmation: its id and its preview. */
  readonly confirmation?: Readonly<Record<string, unknown>> | undefined;
  /** The pages where the person types secrets: each with its argument, URL and `expires_in_s`. */
  readonly pages?: readonly Readonly<Record<string, unknown>>[] | undefined;
  readonly upstream?: Readonly<Record<string, unknown>> | undefined;
  /** Whether Synqly reported success, so that the write was done. */
  readonly done?: boolean | undefined;
  readonly cause?: unknown;
}

/** An invalid argument: its dotted path and what is wrong. Never its value, which may be a secret. */
export interface ArgumentProblem {
  readonly argument: string;
  readonly problem: string;
}

/** A failure that is reported to the caller of a tool. */
export class CallError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = 'CallError';
    this.code = code;
    this.details = details;
  }

  get retry(): Retry {
    return this.details.retry ?? errorCodes[this.code].retry;
  }

  /** The error as a model reads it; absent details are left out. */
  toJSON(): Record<string, unknown> {
    const { details } = this;
    return dropUndefined({
      code: this.code,
      message: this.message,
      next: details.remediation ?? errorCodes[this.code].remediation,
      retry: this.retry,
      status: details.status,
      retry_after_s: details.retryAfter,
      request_id: details.requestId,
      auth_code: details.authCode,
      arguments: details.arguments,
      accepted_arguments: details.acceptedArguments,
      example: details.example,
      closest: details.closest,
      confirmation: details.confirmation,
      pages: details.pages,
      upstream: details.upstream,
    });
  }
}

/** A copy without the keys whose value is undefined. */
export function dropUndefined(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
