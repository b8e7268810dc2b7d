import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { startGuildNames } from '../../src/app/guild-names.ts';
import { createGuildNames } from '../../src/core/access/guild-names.ts';
import type { GuildId } from '../../src/core/ports/actor.ts';
import { openStore } from '../../src/store/open-store.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createLogRecorder } from '../support/provider/test-client.ts';

describe('names of guilds', () => {
  it('are kept at the start and follow what platforms say later', async () => {
    const [clock, log] = [createFakeClock(), pino({ level: 'silent' })];
    const store = await openStore('memory:', { clock, log });
    const names = createGuildNames(store);
    const present = new Map<GuildId, string>([['discord:1', 'Chess']]);
    const keeping = startGuildNames({ adapters: [{ guildNames: () => present }, {}], names, clock, log });
    const known = async () => [...(await names.of(['discord:1', 'discord:2'])).values()];
    await expect.poll(known).toEqual(['Chess']);
    present.set('discord:1', 'Chess and Go').set('discord:2', 'Backgammon');
    await clock.advance(10 * 60_000);
    await expect.poll(known).toEqual(['Chess and Go', 'Backgammon']);
    await keeping.stop();
    await store.close();
  });

  it('that cannot be stored are logged, and tried again', async () => {
    const clock = createFakeClock();
    const { log, lines } = createLogRecorder();
    let tries = 0;
    const keep = () => (++tries === 1 ? Promise.reject(new Error('no store')) : Promise.resolve());
    const keeping = startGuildNames({ adapters: [], names: { keep }, clock, log });
    await clock.advance(10 * 60_000);
    expect(tries).toBe(2);
    expect(lines.join('')).toContain('could not store the names of guilds');
    await keeping.stop();
    expect(clock.pending).toBe(0);
  });
});
