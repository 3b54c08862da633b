import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { root } from '../../scripts/docs-files.ts';
import { clients } from '../clients/clients.ts';
import { readRecordings } from '../clients/replay.ts';
import { tableHead, tableOf } from '../clients/table.ts';
import { versionOf } from '../clients/versions.ts';

const document = readFileSync(new URL('docs/clients.md', root), 'utf8');
const rows = tableOf(document);

test('the table of tested clients has a row for each client, version and transport (npm run clients -- --write)', () => {
  const tested = clients.flatMap((client) =>
    client.transports.map((transport) => [client.name, versionOf(client), transport]),
  );
  const recorded = readRecordings().map(({ client, transport }) => [client, 'recorded', transport]);
  expect(rows.map((cells) => cells.slice(0, 3))).toEqual([...tested, ...recorded]);
});

test('no tested client fails, and each cell that says no or not run has its reason below the table', () => {
  for (const cells of rows) {
    expect(cells).toHaveLength(tableHead.length);
    for (const cell of cells.slice(3)) {
      expect(cell, cells.join(' | ')).toMatch(
        /^(\d{4}-\d\d-\d\d|ok(, (form|preview|`confirm_call`))?|(no|not run) \(\d+\)|)$/,
      );
      const [, note] = /\((\d+)\)/.exec(cell) ?? [];
      if (note !== undefined) expect(document).toMatch(new RegExp(`^${note}\\. \\S`, 'm'));
    }
  }
});

test('the table of tested clients is dated', () => {
  expect(document).toMatch(/^Run on \d{4}-\d\d-\d\d, with the server on Node \d+\.\d+\.\d+\.$/m);
});
