import type { RawAnswer, RawProgram } from './raw-calls.ts';

/** Far longer than any answer takes, so that what never ends fails instead of hanging. */
const longest = 45_000;

/** Calls a tool of a program, which is ended when it does not answer. */
export async function callWithin(program: RawProgram, tool: string, args: object): Promise<RawAnswer> {
  return within(program, program.call(tool, JSON.stringify(args)));
}

/** What a promise gives; when it gives nothing in a long time, `program` is ended and the promise fails. */
export async function within<Value>(
  program: { close(): Promise<void> },
  promise: Promise<Value>,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      void program.close();
      reject(new Error('The program did not answer.'));
    }, longest);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
