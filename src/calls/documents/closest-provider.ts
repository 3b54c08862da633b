import { CallError } from '../../errors.ts';
import { isJsonObject } from '../../json.ts';
import { selects } from '../../selection.ts';
import type { Session } from '../../session.ts';
import { capabilitiesGetProvider, capabilitiesListProviders } from '../../tools/capabilities.ts';
import type { Operation } from '../../tools/operation.ts';
import type { Arguments } from '../arguments.ts';
import type { Limits } from '../deadline.ts';
import { closest } from './closest.ts';
import { idsOf } from './provider-list.ts';

/** A failure; one to find a provider with the closest ids there are, where they can be read. */
export async function withClosestProviders(
  failure: unknown,
  operation: Operation,
  { provider_id }: Arguments,
  session: Session,
  limits: Limits,
): Promise<unknown> {
  const unknown = failure instanceof CallError && failure.code === 'not_found';
  const { id, group, path, method } = capabilitiesListProviders;
  const listed = selects(session.policy.selection, { id, group });
  if (operation.id !== capabilitiesGetProvider.id || !unknown || !listed) return failure;
  const answer = await session.send({ method, path, repeatable: true, ...limits }).catch(() => undefined);
  const result = isJsonObject(answer?.body) ? answer.body.result : undefined;
  const names = closest(String(provider_id), idsOf(Array.isArray(result) ? result : []));
  const near = names.length > 0 ? `The closest ids are ${names.join(', ')}. ` : '';
  const next = `${near}${id} with search finds others.`;
  return new CallError(failure.code, failure.message, { ...failure.facts, next });
}
