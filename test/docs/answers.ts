import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { type ElicitRequestFormParams, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/start.ts';
import { formatAnswer } from './format-answer.ts';

/*
 * The answers that the documentation shows are those of the built server on the sandbox. A block
 *
 *     ```jsonc
 *     // accounts_list {"limit":3}
 *     ```
 *
 * is filled with the answer to this call. The blocks of a file are called in order, on one sandbox. A comment
 * `<!-- server: --read-only -->` starts the server again with these flags; with `forms` at the end, the client shows forms and
 * its user agrees.
 */
const cli = process.env.TEST_CLI ?? fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const steps =
  /<!-- server:(?<flags>.*?)(?<forms> forms)? -->|```jsonc\n\/\/ (?<tool>\w+) (?<args>\{.*\})\n[\s\S]*?```/g;

/** The text of a file with the answers of today's build. */
export async function updateAnswers(text: string): Promise<string> {
  if (!text.match(steps)) return text;
  const sandbox = await startSandbox({ seed: 1, size: 'medium', clock: '2026-09-01T12:00:00Z' });
  let server: Server | undefined;
  let updated = '';
  let end = 0;
  try {
    for (const match of text.matchAll(steps)) {
      const { flags, forms, tool, args } = match.groups ?? {};
      updated += text.slice(end, match.index);
      end = match.index + match[0].length;
      if (tool === undefined || args === undefined) {
        await server?.close();
        server = await startServer(sandbox, flags?.split(' ').filter(Boolean) ?? [], forms !== undefined);
        updated += match[0];
        continue;
      }
      server ??= await startServer(sandbox, [], false);
      const block = await server.answerBlock(tool, JSON.parse(args));
      updated += isSame(block, match[0]) ? match[0] : block;
    }
  } finally {
    await server?.close();
    await sandbox.close();
  }
  return updated + text.slice(end);
}

/** Ids that are random in each run. */
const random =
  /(?<="request_id": ?")[^"]+|(?<="id": ?")[0-9a-f]{16}(?=")|(?<=\{"id":")[0-9a-f]{16}|(?<=\$\{secret:)[^}]+/g;
const isSame = (one: string, other: string) => one.replaceAll(random, '') === other.replaceAll(random, '');

interface Server {
  answerBlock(tool: string, args: Record<string, unknown>): Promise<string>;
  close(): Promise<void>;
}

async function startServer(sandbox: Sandbox, flags: readonly string[], forms: boolean): Promise<Server> {
  const client = new Client(
    { name: 'docs', version: '1.0.0' },
    { capabilities: forms ? { elicitation: { form: {} } } : {} },
  );
  const questions: string[] = [];
  if (forms) {
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      questions.push(params.message);
      return { action: 'accept', content: agree(params as ElicitRequestFormParams) };
    });
  }
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [cli, '--base-url', sandbox.baseUrl, '--log-level', 'silent', ...flags],
    env: {
      ...getDefaultEnvironment(),
      SYNQLY_TOKEN: sandbox.token,
      SYNQLY_SECRET_SPLUNK: 'a-token-of-the-documentation',
    },
    stderr: 'ignore',
  });
  await client.connect(transport);
  let confirmation: unknown;
  return {
    answerBlock: async (tool, args) => {
      const sent = tool === 'confirm_call' ? { ...args, id: confirmation } : args;
      const result = await client.callTool({ name: tool, arguments: sent });
      const [content] = result.content as { text: string }[];
      const answer = JSON.parse(content?.text ?? '');
      confirmation = answer.error?.confirmation?.id ?? confirmation;
      const asked = questions
        .splice(0)
        .flatMap((question) => ['', ...question.split('\n').map((line) => `   ${line}`)]);
      const call = [
        `${tool} ${JSON.stringify(sent)}`,
        ...(asked.length > 0 ? ['', 'The person is asked:', ...asked, ''] : []),
      ];
      const comment = call.map((line) => `// ${line}`.trimEnd()).join('\n');
      return `\`\`\`jsonc\n${comment}\n${formatAnswer(answer)}\n\`\`\``;
    },
    close: () => client.close(),
  };
}

/** What a person fills in to agree: the name where it is asked for. */
function agree({ message }: ElicitRequestFormParams): Record<string, string | boolean> {
  const name = /type the name of the object: (".*")$/.exec(message)?.[1];
  return name === undefined ? { confirm: true } : { name: JSON.parse(name) };
}
