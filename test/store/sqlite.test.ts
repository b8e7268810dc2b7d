import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import { storeContract } from '../contracts/store.ts';

const log = pino({ level: 'silent' });
const folder = mkdtempSync(join(tmpdir(), 'parley-store-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const freshUrl = () => `sqlite:${join(folder, `${++files}.db`)}`;

storeContract('SQLite in a file', (clock) => openStore(freshUrl(), { clock, log }));
storeContract('SQLite in memory', (clock) => openStore('memory:', { clock, log }));
