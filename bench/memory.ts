import { gridOf, type Line } from '../src/cli/text-table.ts';
import { answerKinds, canMeasure, measureGrowth } from './large-answers.ts';

/*
 * How many megabytes the process grows by when Synqly answers 10 MB, over three calls. Node decides when memory is given
 * back, and later releases let several calls pass, so that the figures of two releases do not compare.
 */

/** Megabytes that no figure went beyond on Node 20, where it is that of the third call; on others, of the first. */
const recordedBound = 50;

if (!canMeasure) throw new Error('Only Linux tells the most memory that a process had.');
const isNode20 = process.versions.node.startsWith('20.');
const lines: Line[] = [];
for (const kind of answerKinds) {
  const { grown } = await measureGrowth(kind);
  const figure = grown.at(isNode20 ? -1 : 0) ?? 0;
  lines.push([
    kind[0],
    ...grown.map((one) => one.toFixed(0)),
    recordedBound,
    figure <= recordedBound ? 'within' : 'beyond',
  ]);
}
const heading = [`MB on Node ${process.version}`, '1st call', '2nd', '3rd', 'bound', ''];
console.log(gridOf('right', [{ heading, lines }]));
