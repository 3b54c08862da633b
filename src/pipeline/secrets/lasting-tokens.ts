import { CallError } from '../../errors.ts';
import type { RequestContext } from '../../request-context.ts';
import { withholdPlaces } from '../../secrets/redact.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { tokensCreateMcpToken } from '../../tools/operations/tokens.ts';
import { mayHoldToken } from '../../tools/response-secrets.ts';

/*
 * A caller with an MCP token has access only as long as that token is valid. MCP tokens that it creates expire with it.
 * Other Synqly tokens do not, so such a caller never gets one, not even with `--reveal-secrets`.
 */

/** The places in an operation's responses that may hold a token that outlives the MCP token in use. */
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
    `${operation.id} creates a token that would outlive the MCP token in use.`,
    {
      remediation:
        'Use tokens_create_mcp_token, whose token expires with the MCP token in use; for any other token ask the administrator. Nothing was sent.',
    },
  );
}

/** A response body without such tokens. */
export function withoutLastingTokens(
  operation: Operation,
  body: unknown,
  { byMcpToken }: RequestContext,
): unknown {
  const places = byMcpToken ? lastingTokensOf(operation) : [];
  return places.length === 0 ? body : withholdPlaces(places, body);
}
