import { createInterface } from 'node:readline';
import { baseUrl } from './environment.ts';
import type { Forward } from './forward.ts';
import { respond } from './no-sdk-server.ts';

// The HTTP client loads with the first call: the list needs none.
let loading: Promise<Forward> | undefined;
const forward = () => {
  loading ??= import('./forward.ts').then(({ forwardTo }) => forwardTo(baseUrl));
  return loading;
};
for await (const line of createInterface({ input: process.stdin })) {
  void respond(line, forward).then((text) => {
    if (text !== undefined) process.stdout.write(`${text}\n`);
  });
}
