import { describe, it } from 'vitest';
import { type Row, runRow } from './harness.ts';
import { FAILURES } from './rows/failures.ts';
import { MONEY } from './rows/money.ts';
import { STREAMS } from './rows/streams.ts';

const SECTIONS: Readonly<Record<string, readonly Row[]>> = { MONEY, STREAMS, FAILURES };

for (const [section, rows] of Object.entries(SECTIONS)) {
  describe(`${section.toLowerCase()}: a provider that`, () => {
    for (const row of rows) it(row.name, () => runRow(row));
  });
}
