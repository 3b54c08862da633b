import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { attacks } from '../test/hostile/attacks.ts';
import { type Manner, quantile, type Visit, withstand } from '../test/hostile/other-caller.ts';

/*
 * How long one caller waits for pings and reads while another does its worst, beside how long it waits otherwise. The
 * caller, who has the sandbox in its process, and the attacker share the machine with the server, so the ratios tell of
 * all of them.
 */
const least = 30;
const between = 5;

const attacker = fileURLToPath(new URL('attacker.ts', import.meta.url));
const prepare: Manner['prepare'] = async ({ name }, { url }, token) => {
  const child = fork(attacker, [name, url, token]);
  await once(child, 'message');
  return {
    run: async () => {
      child.send('attack');
      await once(child, 'message');
    },
    end: () => void child.kill(),
  };
};

const columns = ['alone', 'attacked', 'ratio', 'longest', 'not served', 'visits'];
const width = Math.max(...attacks.map(({ name }) => name.length)) + 2;
const row = (name: string, cells: readonly string[]) =>
  console.log(name.padEnd(width) + cells.map((cell) => cell.padStart(12)).join(''));
const median = (visits: readonly Visit[]) => quantile(visits, 0.5);

console.log(
  'Milliseconds that another caller waits: medians alone and during the attack, their ratio, the longest.\n',
);
row('attack', columns);
for (const attack of attacks) {
  const { before, during } = await withstand(attack, { least, between, prepare });
  const attacked = during.filter(({ beganDuring }) => beganDuring);
  row(attack.name, [
    median(before).toFixed(1),
    median(attacked).toFixed(1),
    `×${(median(attacked) / median(before)).toFixed(1)}`,
    quantile(attacked, 1).toFixed(0),
    String(attacked.filter(({ isServed }) => !isServed).length),
    String(attacked.length),
  ]);
}
