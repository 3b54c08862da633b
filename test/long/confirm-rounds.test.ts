import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { destroying, type Ground, makeTarget, prepareGround } from '../e2e/destroys.ts';
import { hasRedis, type Store } from '../e2e/gateway-support.ts';
import {
  accept,
  agreement,
  callOnce,
  errorIn,
  type Repeat,
  type Replicas,
  respond,
  startReplicas,
  stores,
  tampered,
  typedNames,
} from '../e2e/rounds-support.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await prepareGround();
}, 60_000);
afterAll(() => ground.close());

describe.each(Object.entries(stores))('two servers that share %s', (kind, makeStore) => {
  const isHere = kind !== 'Redis' || hasRedis;
  let store: Store;
  let replicas: Replicas;
  let own: string;
  let others: string;
  beforeAll(async () => {
    if (!isHere) return;
    store = await makeStore();
    replicas = await startReplicas(ground, store.named);
    [own, others] = [await ground.newToken(), await ground.newToken()];
  }, 60_000);
  afterAll(async () => {
    await replicas?.close();
    await store?.close();
  });

  describe.runIf(isHere).each(destroying)('%s', (tool) => {
    /** A call that waits for its answer, and how often the answer was sent to the sandbox. */
    const ask = async ({ at = replicas.url, token = own } = {}) => {
      const target = await makeTarget(tool, ground);
      // auth_logoff ends the token that calls it.
      const caller = tool === 'auth_logoff' ? await ground.newToken() : token;
      const { result } = await callOnce(at, caller, tool, target.args);
      expect(result.resultType, JSON.stringify(result)).toBe('input_required');
      const { message, requestedSchema, mode } = result.inputRequests.confirmation.params;
      expect(mode).toBe('form');
      expect(message).toContain(JSON.stringify(target.name));
      expect(Object.keys(requestedSchema.properties)).toEqual([typedNames.has(tool) ? 'name' : 'confirm']);
      const yes: Repeat = {
        requestState: result.requestState,
        inputResponses: accept(agreement(tool, target.name)),
      };
      const answer = (repeat: Repeat = {}, { url = replicas.url, args = target.args, by = caller } = {}) =>
        callOnce(url, by, tool, args, { ...yes, ...repeat });
      return { target, caller, yes, answer };
    };
    // biome-ignore lint/suspicious/noExplicitAny: answers are compared, not programmed against
    const sendsOf = async (work: () => Promise<any>) => {
      // biome-ignore lint/suspicious/noExplicitAny: as above
      let answered: any;
      const sent = await ground.sendsOf(tool, async () => {
        answered = await work();
      });
      return { sent, answered };
    };

    test('is sent once for a right answer, and not again when it is repeated to either server', async () => {
      let asked: Awaited<ReturnType<typeof ask>> | undefined;
      expect((await sendsOf(async () => (asked = await ask()))).sent).toBe(0);
      const { sent, answered } = await sendsOf(async () => asked?.answer());
      expect(errorIn(answered), JSON.stringify(answered)).toBeUndefined();
      expect(answered.result?.resultType).toBe('complete');
      expect(sent).toBe(1);
      for (const url of replicas.urls) {
        const again = await sendsOf(async () => asked?.answer({}, { url }));
        expect(again.sent).toBe(0);
        // The caller of auth_logoff is refused without a look at the call.
        if (tool !== 'auth_logoff') expect(errorIn(again.answered).code).toBe('answer_rejected');
      }
    });

    test('is sent once when both servers get the right answer at the same time', async () => {
      const { answer } = await ask();
      const { sent } = await sendsOf(() =>
        Promise.all([...replicas.urls, ...replicas.urls].map((url) => answer({}, { url }))),
      );
      expect(sent).toBe(1);
    });

    test('is not sent for a state that was changed, or that is of another caller', async () => {
      const { yes, answer } = await ask();
      const { sent } = await sendsOf(async () => {
        for (const requestState of tampered(String(yes.requestState))) {
          const { error } = await answer({ requestState });
          expect(error, String(requestState)).toMatchObject({
            code: -32_602,
            message: 'requestState is not valid: it was changed, or is of another caller or server.',
          });
        }
        const { error } = await answer({}, { by: others });
        expect(error.code).toBe(-32_602);
        expect(error.message).toBe(
          'requestState is not valid: it was changed, or is of another caller or server.',
        );
      });
      expect(sent).toBe(0);
    });

    test('is not sent with other arguments, or when the state is of another operation', async () => {
      const [one, other] = [await ask(), await ask()];
      const { sent } = await sendsOf(async () => {
        if (tool !== 'auth_logoff') {
          const mixed = await one.answer({}, { args: other.target.args });
          expect(errorIn(mixed).code).toBe('answer_rejected');
        }
        const elsewhere = tool === 'mappings_delete' ? 'roles_delete' : 'mappings_delete';
        const { args } = await makeTarget(elsewhere, ground);
        const { result } = await callOnce(replicas.url, one.caller, elsewhere, args);
        const { requestState } = result;
        expect(errorIn(await one.answer({ requestState })).code).toBe('answer_rejected');
      });
      expect(sent).toBe(0);
    });

    test('is not sent when the object has changed since the person was asked', async () => {
      const { target, answer } = await ask();
      await target.change();
      const { sent, answered } = await sendsOf(() => answer());
      expect(errorIn(answered).code).toBe('object_changed');
      expect(sent).toBe(0);
    });

    test('is not sent when the answer comes too late', async () => {
      const { answer } = await ask({ at: replicas.hasty.url });
      await new Promise((resolve) => setTimeout(resolve, 150));
      const { sent, answered } = await sendsOf(() => answer());
      expect(errorIn(answered).code).toBe('answer_rejected');
      expect(errorIn(answered).message).toContain('after the question had expired');
      expect(sent).toBe(0);
    });

    test('is cancelled by a no or another name, which uses the state up', async () => {
      const { target, answer } = await ask();
      const others = typedNames.has(tool)
        ? [accept({ name: `${target.name}x` })]
        : [accept({ confirm: false })];
      const noes = [...others, respond({ action: 'decline' }), respond({ action: 'cancel' })];
      for (const inputResponses of noes) {
        const asked = await ask();
        const { sent } = await sendsOf(async () => {
          expect(errorIn(await asked.answer({ inputResponses })).code).toBe('confirmation_declined');
          expect(errorIn(await asked.answer()).code).toBe('answer_rejected');
        });
        expect(sent).toBe(0);
      }
      // The first one is still good.
      expect((await sendsOf(() => answer())).sent).toBe(1);
    });
  });
});
