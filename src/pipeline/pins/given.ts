import { kindOf, type Pins, pinnedAccountOf } from '../../access/pins.ts';
import { CallError } from '../../errors.ts';
import { isJsonObject } from '../../lib/json.ts';
import { quoted } from '../../lib/quote-text.ts';
import type { RequestContext } from '../../request-context.ts';
import type { Operation } from '../../tools/define-operation.ts';
import { isHiddenByPins } from '../../tools/pin-rule.ts';
import { suggestArgument } from '../arguments/suggestions.ts';
import { type OperationCall, timeLeft } from '../call-state.ts';
import type { Limits } from '../execute/deadline.ts';
import { createLookup } from './lookup.ts';

/*
 * Pins take the arguments that they fill in out of the schemas. A caller that gives one all the same means an account or an
 * environment of its choice. If the argument were refused like any unknown one, the corrected call would act on an object of
 * the same name in the pinned account. So the value decides: the pinned one is dropped, any other is refused.
 */

/** A tool whose arguments pins may fill in. A workflow has no pin rule. */
type PinnedTool = Pick<Operation, 'input'> & Partial<Pick<Operation, 'pinRule'>>;

/** An argument that names an account or an environment, under the name that was given. */
interface GivenPin {
  readonly given: string;
  readonly pin: 'account' | 'environment';
  readonly value: unknown;
}

/**
 * The arguments without those that only repeat the pins.
 *
 * @throws CallError `outside_pin` when one names another account or environment
 */
export async function withoutPinnedArguments(
  tool: PinnedTool,
  raw: unknown,
  context: RequestContext,
  limits: () => Limits,
): Promise<unknown> {
  const { pins } = context;
  const given = pins ? findGivenPins(tool, raw, pins) : [];
  if (!pins || given.length === 0 || !isJsonObject(raw)) return raw;
  for (const one of given) {
    if (isBlank(one.value) || repeatsPin(one, pins)) continue;
    if (one.pin === 'environment' || typeof one.value !== 'string') throw outsideOf(one, pins);
    // The pinned account may have been given by its id where the pin has its name.
    const found = await createLookup(pins, context, limits()).account(one.value);
    if (!found) throw outsideOf(one, pins);
  }
  const dropped = new Set(given.map((one) => one.given));
  return Object.fromEntries(Object.entries(raw).filter(([name]) => !dropped.has(name)));
}

/** Applies `withoutPinnedArguments` to a call of an operation. @throws CallError `outside_pin` */
export async function dropPinnedArguments(call: OperationCall): Promise<void> {
  call.raw = await withoutPinnedArguments(call.operation, call.raw, call.context, () => timeLeft(call));
}

/**
 * Refuses arguments that name another account or environment than the pinned one, without a request.
 *
 * @throws CallError `outside_pin`
 */
export function assertRepeatsPins(tool: PinnedTool, raw: unknown, pins: Pins | undefined): void {
  if (!pins) return;
  for (const one of findGivenPins(tool, raw, pins))
    if (!isBlank(one.value) && !repeatsPin(one, pins)) throw outsideOf(one, pins);
}

function findGivenPins({ input, pinRule }: PinnedTool, raw: unknown, pins: Pins): readonly GivenPin[] {
  if (!isJsonObject(raw)) return [];
  if (pinRule && (pinRule.kind === 'global' || isHiddenByPins(pinRule, kindOf(pins)))) return [];
  const { account, environment } = pins;
  const filledIn = new Map<string, GivenPin['pin']>();
  // With an environment alone, the account remains the caller's choice.
  if (account !== undefined) filledIn.set('account_id', 'account');
  if (environment !== undefined) filledIn.set('environment', 'environment');
  const names = Object.keys(raw);
  const misnamed = findMisnamed(input, names, [...filledIn.keys()]);
  return names.flatMap((name): readonly GivenPin[] => {
    const pin = filledIn.get(misnamed.get(name) ?? name);
    return pin ? [{ given: name, pin, value: raw[name] }] : [];
  });
}

/** The pinned arguments that unknown ones most likely mean: `account`, or `id` of a tool that takes no other. */
function findMisnamed(
  { shape }: PinnedTool['input'],
  given: readonly string[],
  filledIn: readonly string[],
): ReadonlyMap<string, string> {
  const unknown = given.filter((name) => !Object.hasOwn(shape, name) && !filledIn.includes(name));
  if (unknown.length === 0) return new Map();
  const known = [...new Set([...Object.keys(shape), ...filledIn])];
  const missing = known.filter(
    (name) =>
      !given.includes(name) &&
      (filledIn.includes(name) || shape[name]?.safeParse(undefined).success === false),
  );
  const suggested = new Map(suggestArgument(unknown, known, given, missing));
  for (const name of unknown) {
    const short = name.length > 2 ? filledIn.find((one) => one.startsWith(name.toLowerCase())) : undefined;
    if (short !== undefined && !suggested.has(name)) suggested.set(name, short);
  }
  return suggested;
}

/** Clients leave arguments empty that they do not use. */
const isBlank = (value: unknown) => value === undefined || value === null || value === '';

function repeatsPin({ pin, value }: GivenPin, pins: Pins): boolean {
  if (typeof value !== 'string') return false;
  const text = value.trim().toLowerCase();
  if (pin === 'environment') return text === pins.environment;
  return text === pins.account?.toLowerCase() || value === pinnedAccountOf(pins).known();
}

/** It does not reveal whether there is such an account. */
function outsideOf({ given, pin }: GivenPin, { account, environment }: Pins): CallError {
  const pinned = pin === 'account' ? `the account ${quoted(account)}` : `the environment ${environment}`;
  return new CallError('outside_pin', `This server is pinned to ${pinned} and reaches no other.`, {
    arguments: [{ argument: given, problem: `does not name the pinned ${pin}` }],
    remediation: `Nothing was sent. Tell the person that this server cannot reach another ${pin}. Do not make the call without ${given}: it would act on the pinned ${pin}.`,
  });
}
