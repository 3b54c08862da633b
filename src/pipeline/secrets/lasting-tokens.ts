import { CallError } from '../../errors.ts';
import type { RequestContext } from '../../request-context.ts';
import { withholdPlaces } from '../../secrets/redact.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { tokensCreateMcpToken } from '../../tools/operations/tokens.ts';
import { mayHoldToken } from '../../tools/response-secrets.ts';

/*
 * A caller with an MCP token may go on only as long as that token does. Another MCP token ends with it; any other token of
 * Synqly would not, so that such a caller is never shown one, with `--reveal-secrets` neither.
 */

/** Where an operation's answers may hold a token that would outlive the MCP token in use. */
function lastingTokensOf({ id, secrets }: Operation): readonly string[] {
  return id === tokensCreateMcpToken.id ? [] : secrets.filter(mayHoldToken);
}

/**
 * Refuses a call that is made for such a token.
 *
 * @throws CallError `secret_refused`
 */
export function assertNoLastingToken(operation: Operation, { byMcpToken }: RequestContext): void {
  if (!byMcpToken || !operation.returnsSecret || lastingTokensOf(operation).length === 0) return;
  throw new CallError(
    'secret_refused',
    `${operation.id} is made for a token that would outlive the MCP token in use.`,
    {
      remediation:
        'tokens_create_mcp_token makes one that ends with the one in use; for any other ask the administrator, who makes it with a token of Synqly. Nothing was sent.',
    },
  );
}

/** An answer's body without such tokens. */
export function withoutLastingTokens(
  operation: Operation,
  body: unknown,
  { byMcpToken }: RequestContext,
): unknown {
  const places = byMcpToken ? lastingTokensOf(operation) : [];
  return places.length === 0 ? body : withholdPlaces(places, body);
}
