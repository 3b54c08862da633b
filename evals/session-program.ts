/* Holds the server and the sandbox of a session: session-program.ts FOLDER TASK SURFACE NAME */
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { checkRun } from './check.ts';
import { connect, recorded } from './connect.ts';
import { readLog, writeRecording } from './recording.ts';
import { startStage } from './stage.ts';
import { promptOf, readTask, type Surface } from './task.ts';

/** A session that nobody ends, ends after this time without a call. */
const maxIdleMs = 60 * 60_000;

const [folder = '', taskName = '', surface = 'compact', by = ''] = process.argv.slice(2);
const task = readTask(taskName);
const stage = await startStage(task, surface as Surface);
const log = join(folder, 'log.jsonl');
const agent = await connect(recorded(stage, log));

const commands: Record<string, (body: { tool: string; arguments: object; text: string }) => Promise<string>> =
  {
    '/start': async () =>
      [
        `# Task\n\n${promptOf(task)}`,
        `# Instructions of the server\n\n${agent.instructions}`,
        `# Tools\n\n${agent.tools.map(describeTool).join('\n')}`,
      ].join('\n\n'),
    '/call': async (body) => {
      const { text, isError } = await agent.call(body.tool, body.arguments as Record<string, unknown>);
      return isError ? `(error) ${text}` : text;
    },
    '/answer': async ({ text }) => {
      await agent.close();
      const run = { ...readLog(log), task: taskName, surface: surface as Surface, by, answer: text };
      const outcome = await checkRun(task, run, stage.verifyState);
      const { calls, tokens, problems } = outcome;
      const used = `${calls} of ${outcome.maxCalls} calls, ${tokens} of ${outcome.maxTokens} tokens`;
      if (problems.length > 0) return `Not done, nothing recorded (${used}):\n- ${problems.join('\n- ')}`;
      const { listTokens, exchanges, answer, ...about } = run;
      const date = new Date().toISOString().slice(0, 10);
      const file = writeRecording({ ...about, date, listTokens, exchanges, answer });
      return `Done (${used}). Recorded in ${file}`;
    },
    '/drop': async () => 'Ended without a recording.',
  };

function describeTool({ name, description, inputSchema }: (typeof agent.tools)[number]): string {
  return JSON.stringify({ name, description, input_schema: inputSchema });
}

async function end(): Promise<void> {
  server.close();
  await agent.close();
  await stage.close();
  rmSync(folder, { recursive: true, force: true });
  process.exit();
}

const idle = setTimeout(end, maxIdleMs);
const server = createServer(async (request, response) => {
  idle.refresh();
  let body = '';
  for await (const chunk of request) body += chunk;
  const { url = '' } = request;
  try {
    response.end(await commands[url]?.(JSON.parse(body)));
  } catch (error) {
    response.writeHead(500).end(error instanceof Error ? error.message : String(error));
  }
  if (url === '/answer' || url === '/drop') response.on('close', end);
});
server.listen(join(folder, 'socket'), () => process.send?.('ready'));
