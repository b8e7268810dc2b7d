import { describe, expect, it } from 'vitest';
import { createHearing } from '../../../src/core/dispatch/hearing.ts';
import type { ChannelRules, Place } from '../../../src/core/ports/events.ts';
import { StoreError } from '../../../src/core/ports/store.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';

const place: Place = { guild: 'discord:1', channel: 'c1', key: null };

/** Hearing over a guild in which channels are as `rules` says, and conversations where `talks` says. */
function setUp() {
  const clock = createFakeClock();
  const { log } = createLogRecorder();
  const world = {
    reads: 0,
    rules: async (): Promise<ChannelRules> => ({ hearsAll: true, inThread: null }),
    talks: async () => false,
  };
  const settings = {
    async channel() {
      world.reads++;
      return world.rules();
    },
  };
  const hearing = createHearing({ chat: { hears: () => world.talks() }, settings, clock }, log);
  return { clock, world, hearing };
}

describe('hearing', () => {
  it('reads the rules of a channel once in half a minute', async () => {
    const { clock, world, hearing } = setUp();
    for (let message = 0; message < 3; message++) expect(await hearing.hears(place)).toBe(true);
    expect(world.reads).toBe(1);
    world.rules = async () => ({ hearsAll: false, inThread: null });
    await clock.advance(30_001);
    expect([await hearing.hears(place), world.reads]).toEqual([false, 2]);
  });

  it('keeps the rules that were read before while the store fails', async () => {
    const { clock, world, hearing } = setUp();
    await hearing.channelRules(place);
    world.rules = async () => {
      throw new StoreError('away');
    };
    await clock.advance(30_001);
    expect((await hearing.channelRules(place)).hearsAll).toBe(true);
  });

  it('hears nothing in a conversation that cannot be looked up, but does not say so of a claim', async () => {
    const { world, hearing } = setUp();
    world.talks = async () => {
      throw new StoreError('away');
    };
    expect(await hearing.hears(place)).toBe(false);
    await expect(hearing.isHeard(place)).rejects.toThrow('away');
  });

  it('knows the rules of some thousand channels, not of all', async () => {
    const { world, hearing } = setUp();
    for (let channel = 0; channel <= 5_000; channel++)
      await hearing.channelRules({ guild: 'discord:1', channel: String(channel) });
    await hearing.channelRules({ guild: 'discord:1', channel: '0' });
    await hearing.channelRules({ guild: 'discord:1', channel: '5000' });
    expect(world.reads).toBe(5_002);
  });
});
