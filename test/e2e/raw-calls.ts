import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { startHttpProgram } from './http-support.ts';
import { builtCli, cleanEnvironment } from './support.ts';

/** The built program, called with arguments as JSON texts: JavaScript cannot say every number that JSON can. */
export interface RawProgram {
  call(tool: string, args: string): Promise<RawAnswer>;
  close(): Promise<void>;
}

export interface RawAnswer {
  /** Of the result, or the message of a JSON-RPC error. */
  readonly text: string;
  readonly isError: boolean;
}

interface Response {
  readonly id?: number;
  readonly result?: { readonly content?: readonly { readonly text: string }[]; readonly isError?: boolean };
  readonly error?: { readonly message: string };
}

const readAnswer = ({ result, error }: Response): RawAnswer => ({
  text: result?.content?.[0]?.text ?? error?.message ?? '',
  isError: error !== undefined || result?.isError === true,
});

const request = (id: number, method: string, params: string) =>
  `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`;
const callParams = (tool: string, args: string) => `{"name":"${tool}","arguments":${args}}`;
const welcome =
  '{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}';

export async function startRawStdio(
  args: string[],
  token = 'token',
  name = 'SYNQLY_TOKEN',
): Promise<RawProgram> {
  const child = spawn(process.execPath, [builtCli, ...args], {
    env: cleanEnvironment({ [name]: token }),
  });
  const waiting = new Map<number, (response: Response) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const response = JSON.parse(line) as Response;
    waiting.get(response.id ?? -1)?.(response);
  });
  let last = 0;
  const ask = (method: string, params: string) => {
    last += 1;
    const id = last;
    child.stdin.write(`${request(id, method, params)}\n`);
    return new Promise<Response>((resolve) => waiting.set(id, resolve));
  };
  await ask('initialize', welcome);
  return {
    call: async (tool, given) => readAnswer(await ask('tools/call', callParams(tool, given))),
    close: async () => void child.kill('SIGKILL'),
  };
}

/** @param sessions whether the server keeps them, and leaves requests to the SDK's own transport */
export async function startRawHttp(args: string[], sessions: boolean): Promise<RawProgram> {
  const program = await startHttpProgram([...args, ...(sessions ? ['--sessions'] : [])]);
  const headers: Record<string, string> = { authorization: 'Bearer token' };
  if (sessions) {
    const first = await program.postText(request(1, 'initialize', welcome), headers);
    headers['mcp-session-id'] = first.headers.get('mcp-session-id') ?? '';
    await first.text();
  }
  return {
    call: async (tool, given) => {
      const response = await program.postText(request(1, 'tools/call', callParams(tool, given)), headers);
      const body = (await response.text()).replace(/^[\s\S]*?data: (?=\{)/, '');
      return readAnswer(JSON.parse(body) as Response);
    },
    close: () => program.close(),
  };
}

/** A stdio client of a gateway. */
export async function startRawBridge(args: string[]): Promise<RawProgram> {
  const gateway = await startHttpProgram(args);
  const bridge = await startRawStdio(['connect', gateway.url], 'token', 'SYNQLY_MCP_TOKEN');
  return {
    call: bridge.call,
    close: async () => {
      await bridge.close();
      await gateway.close();
    },
  };
}
