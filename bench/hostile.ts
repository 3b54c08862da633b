import { attacks } from '../test/hostile/attacks.ts';
import { quantile, withstand } from '../test/hostile/other-caller.ts';

/*
 * How long one caller waits for pings and reads while another does its worst, beside how long it waits otherwise. Both,
 * the sandbox and the callers share the machine with the server, so the ratios tell of all of them.
 */
console.log(
  'Milliseconds of another caller: median before, median and longest during the attack, ratio of medians',
);
for (const attack of attacks) {
  const { before, during } = await withstand(attack);
  const [usual, median, longest] = [quantile(before, 0.5), quantile(during, 0.5), quantile(during, 1)];
  const refused = during.filter(({ isServed }) => !isServed).length;
  const numbers = [usual, median, longest].map((one) => one.toFixed(1).padStart(9)).join('');
  console.log(
    `${attack.name.padEnd(46)}${numbers}  ×${(median / usual).toFixed(1)}  ${refused} of ${during.length} refused`,
  );
}
