import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createJournal } from '../src/core/coordination/journal.ts';
import { systemClock } from '../src/core/kit/time/clock.ts';
import type { Surface } from '../src/core/ports/surface.ts';
import { openStore } from '../src/store/open-store.ts';
import type { Row } from './support/row.ts';

const ANSWERS = 500;
const SECONDS = 10;
/** 50 words a second, as an answer grows. */
const CHARS_PER_SECOND = 300;

/** The cost of a journal of many answers in a SQLite file, all growing at once: leases, and the text as it comes. */
export async function measureJournal(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'));
  const log = pino({ level: 'silent' });
  const store = await openStore(`sqlite:${join(folder, 'parley.db')}`, { clock: systemClock, log });
  const journal = createJournal({ store, owner: 'bench', clock: systemClock, log });
  const surface = { reference: 'a place' } as Surface;
  const text = 'x'.repeat(SECONDS * CHARS_PER_SECOND);
  const begunAtMs = performance.now();

  for (let index = 0; index < ANSWERS; index++) {
    const entry = await journal.claimEvent(`event ${index}`, 'web', surface);
    const id = `answer ${index}`;
    entry?.watch(() => {
      const chars = Math.round(((performance.now() - begunAtMs) / 1_000) * CHARS_PER_SECOND);
      const arrived = text.slice(0, chars);
      return {
        id,
        model: 'm',
        askedAtMs: 0,
        sealed: 0,
        message: 'm',
        text: arrived,
        images: 0,
        ending: null,
      };
    });
  }
  const before = process.cpuUsage();
  const sinceMs = performance.now();
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000));
  const { user, system } = process.cpuUsage(before);
  const cores = (user + system) / 1_000 / (performance.now() - sinceMs);

  await journal.stop();
  await store.close();
  rmSync(folder, { recursive: true });
  return [
    {
      name: `CPU of the journal, ${ANSWERS} answers growing at once`,
      value: cores,
      unit: 'cores',
      wanted: 0.1,
    },
  ];
}
