/*
 * The session that every client holds. A driver hands over how its client does each thing; what came back is printed, one
 * JSON object a line, and judged by the program that started the driver.
 */
export const run = JSON.parse(process.env.CLIENT_RUN ?? '{}');

/**
 * @param {{
 *   listTools?: () => Promise<string[]>,
 *   call?: (tool: string, args: object) => Promise<string>,
 *   readResource?: (uri: string) => Promise<string>,
 *   check?: () => Promise<string>,
 *   close?: () => Promise<unknown>,
 * }} client each answers with the names of the tools or with the text that the client's user gets, an error's text included
 */
export async function holdSession(client) {
  const { listTools, call, readResource, check, close } = client;
  if (check) await step('check', async () => ({ text: await check() }));
  if (listTools) await step('list', async () => ({ names: await listTools() }));
  if (call) {
    await step('read', async () => ({ text: await call('accounts_list', { limit: 2 }) }));
    await step('error', async () => ({ text: await call('accounts_get', { account_id: run.unknown }) }));
    await step('decline', () => deleteAccount(call, run.declined, 'decline'));
    await step('confirm', () => deleteAccount(call, run.confirmed, 'accept'));
  }
  if (readResource) await step('resource', async () => ({ text: await readResource(run.resource) }));
  await close?.();
  // Some clients keep timers and sockets.
  process.stdout.write('', () => process.exit(0));
}

let wanted = 'decline';
let formsShown = 0;

/** Answers a confirmation form as the person of this step would. */
export function answerForm({ requestedSchema } = {}) {
  formsShown += 1;
  if (wanted === 'decline') return { action: 'decline' };
  const { properties = {} } = requestedSchema ?? {};
  return { action: 'accept', content: 'name' in properties ? { name: run.confirmed } : { confirm: true } };
}

async function deleteAccount(call, name, answer) {
  wanted = answer;
  const shownBefore = formsShown;
  const text = await call('accounts_delete', { account_id: name });
  if (formsShown > shownBefore) return { text, by: 'form' };
  if (answer === 'decline') return { text, by: 'preview' };
  const id = /"confirmation":\s*\{\s*"id":\s*"([^"]+)"/.exec(text)?.[1];
  if (id === undefined) return { text, by: 'nothing' };
  return { text: await call('confirm_call', { id }), by: 'confirm_call' };
}

async function step(name, carryOut) {
  let found;
  try {
    found = await carryOut();
  } catch (error) {
    found = { failed: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
  process.stdout.write(`\n${JSON.stringify({ step: name, ...found })}\n`);
}

/** The texts of a result of `tools/call`. */
export function textOf(result) {
  return (result?.content ?? result ?? []).map(({ text }) => text ?? '').join('\n');
}
