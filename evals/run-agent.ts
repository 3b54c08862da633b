import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkRun, type Outcome } from './check.ts';
import { recorded } from './connect.ts';
import { type Recording, readLog, writeRecording } from './recording.ts';
import { startStage } from './stage.ts';
import { promptOf, readTask, type Surface } from './task.ts';

export interface AgentRun {
  /**
   * A command of the shell with the placeholders `{config}` (the file with the MCP configuration) and `{prompt}`. Its
   * output is the answer.
   */
  readonly command: string;
  /** Name of the agent in the results. */
  readonly by: string;
  readonly timeoutMs: number;
  /** Whether to keep the run as the recording of the task, if the task is done. */
  readonly record: boolean;
}

/** Has an agent do a task, through the recorder. */
export async function runAgent(name: string, surface: Surface, agent: AgentRun): Promise<Outcome> {
  const task = readTask(name);
  const stage = await startStage(task, surface);
  const folder = mkdtempSync(join(tmpdir(), 'synqly-mcp-evals-'));
  try {
    const [config, log] = [join(folder, 'mcp.json'), join(folder, 'log.jsonl')];
    writeFileSync(config, JSON.stringify({ mcpServers: { synqly: recorded(stage, log) } }));
    const { answer, failure } = await runCommand(agent, config, promptOf(task), folder);
    const run = { ...readLog(log), task: name, surface, by: agent.by, answer };
    const outcome = await checkRun(task, run, stage.verifyState);
    if (failure) return { ...outcome, problems: [failure, ...outcome.problems] };
    if (agent.record && outcome.problems.length === 0) {
      const { listTokens, exchanges, answer: text, ...about } = run;
      const date = new Date().toISOString().slice(0, 10);
      const recording: Recording = { ...about, date, listTokens, exchanges, answer: text };
      writeRecording(recording);
    }
    return outcome;
  } finally {
    await stage.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Characters of the output of an agent. */
const maxAnswerLength = 1_000_000;

/** Both values reach the shell in variables, so that nothing in a prompt is taken for a command. */
function runCommand({ command, timeoutMs }: AgentRun, config: string, prompt: string, cwd: string) {
  const line = command
    .replaceAll('{config}', () => '"$EVALS_CONFIG"')
    .replaceAll('{prompt}', () => '"$EVALS_PROMPT"');
  // Clients hand their environment on to the server, which takes its settings from the task alone.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('SYNQLY_'));
  const env = { ...Object.fromEntries(own), EVALS_CONFIG: config, EVALS_PROMPT: prompt };
  return new Promise<{ answer: string; failure?: string }>((resolve, reject) => {
    const child = spawn('sh', ['-c', line], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    let answer = '';
    let failure: string | undefined;
    const stop = (reason: string) => {
      failure ??= reason;
      killGroup(child.pid);
      // A process that has left the group may still have the output open.
      child.stdout.destroy();
    };
    const timer = setTimeout(() => stop(`the agent was stopped after ${timeoutMs / 1000} s`), timeoutMs);
    const interrupt = () => {
      killGroup(child.pid);
      process.exit(130);
    };
    for (const signal of interrupts) process.on(signal, interrupt);
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      answer += chunk;
      if (answer.length > maxAnswerLength) stop(`the agent printed more than ${maxAnswerLength} characters`);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      for (const signal of interrupts) process.off(signal, interrupt);
      killGroup(child.pid);
      if (code !== 0) failure ??= `the agent ended with status ${code}`;
      resolve({ answer: answer.trim(), ...(failure !== undefined && { failure }) });
    });
  });
}

const interrupts = ['SIGINT', 'SIGTERM'] as const;

/** Kills what an agent has started, as far as it still runs. */
function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // All have ended.
  }
}
