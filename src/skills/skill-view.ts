import type { View } from '../access/visibility.ts';
import type { RequestContext } from '../request-context.ts';

/** What decides about a skill for a caller. */
export interface SkillView extends View {
  /** Whether the server can ask the person for a secret, and store one that it generates: not over HTTP. */
  readonly canAskForSecrets: boolean;
}

/** The view of a caller, with what the server can do for it. */
export function skillViewOf(view: View, { secrets }: Pick<RequestContext, 'secrets'>): SkillView {
  return { ...view, canAskForSecrets: secrets.pages !== undefined };
}
