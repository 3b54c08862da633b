import { attacks } from '../test/hostile/attacks.ts';
import { quantile, type Visit, withstand } from '../test/hostile/other-caller.ts';

/*
 * How long one caller waits for pings and reads while another does its worst, beside how long it waits otherwise. Both,
 * the sandbox and the callers share the machine with the server, so the ratios tell of all of them.
 */
const least = 30;
const between = 5;

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
  const { before, during } = await withstand(attack, { least, between });
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
