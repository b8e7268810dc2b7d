import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createLookUps } from '../../../../src/adapters/slack/api/look-ups.ts';
import type { Json } from '../../../../src/adapters/slack/api/web-api.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

const PAGE = 999;

/** A workspace with so many people, in which no call for one of them is free. */
function setUp({
  people,
  free = false,
  listFails = false,
  listTakesMs = 0,
}: {
  people: number;
  free?: boolean;
  listFails?: boolean;
  listTakesMs?: number;
}) {
  const clock = createFakeClock();
  const calls: string[] = [];
  let version = 1;
  const nameOf = (index: number) => `U${index}`;
  const workspace = {
    team: 'T1',
    botUser: 'UBOT',
    enterIfFree: async () => (free ? () => {} : null),
    async call(method: string, args: Json): Promise<Json> {
      calls.push(method);
      if (method === 'users.info') return { user: { id: args['user'], version } };
      if (listFails) throw new Error('no list');
      const said = version;
      await (listTakesMs === 0 ? null : clock.sleep(listTakesMs));
      const from = Number(args['cursor'] ?? 0);
      const end = Math.min(people, from + PAGE);
      const members = Array.from({ length: end - from }, (_, index) => ({
        id: nameOf(from + index),
        version: said,
      }));
      return { members, response_metadata: { next_cursor: end < people ? String(end) : '' } };
    },
  };
  const { signal } = new AbortController();
  const means = { workspace, clock, log: pino({ level: 'silent' }), signal };
  const lookUp = createLookUps(means, {
    schema: z.object({ id: z.string(), version: z.number() }),
    one: { method: 'users.info', name: 'user' },
    many: { method: 'users.list', args: { limit: PAGE }, field: 'members', read: (listed) => listed },
  });
  return {
    clock,
    lookUp,
    calls,
    count: (method: string) => calls.filter((call) => call === method).length,
    change: () => {
      version++;
    },
  };
}

describe('look-ups', () => {
  it('ask for each alone while there is room', async () => {
    const { lookUp, calls } = setUp({ people: 10, free: true });
    await Promise.all(['U1', 'U2', 'U1'].map((id) => lookUp(id)));
    expect(calls).toEqual(['users.info', 'users.info']);
  });

  it('read one page for all who wait, and remember the rest of it', async () => {
    const { lookUp, calls } = setUp({ people: 800 });
    const found = await Promise.all(Array.from({ length: 300 }, (_, index) => lookUp(`U${index}`)));
    expect(found.map(({ id }) => id)).toEqual(Array.from({ length: 300 }, (_, index) => `U${index}`));
    expect((await lookUp('U799')).id).toBe('U799');
    expect(calls).toEqual(['users.list']);
  });

  it('read on where they stopped, so that each page costs one call', async () => {
    const { lookUp, count } = setUp({ people: 5_000 });
    for (const id of ['U1', 'U2500', 'U4999', 'U3100']) expect((await lookUp(id)).id).toBe(id);
    expect([count('users.list'), count('users.info')]).toEqual([6, 0]);
  });

  it('read fifteen pages at most, ask for the rest alone, and leave the list alone for a minute', async () => {
    const { lookUp, count, clock } = setUp({ people: 50_000 });
    const ids = ['U14980', 'U20000', 'U40000'];
    expect((await Promise.all(ids.map((id) => lookUp(id)))).map(({ id }) => id)).toEqual(ids);
    expect([count('users.list'), count('users.info')]).toEqual([15, 2]);
    await lookUp('U30000');
    expect([count('users.list'), count('users.info')]).toEqual([15, 3]);
    await clock.advance(60_000);
    await lookUp('U45000');
    expect([count('users.list'), count('users.info')]).toEqual([30, 4]);
  });

  it('let a page push out nobody who was asked for', async () => {
    const { lookUp, calls } = setUp({ people: 50_000 });
    await Promise.all(['U1', 'U14980', 'U40000'].map((id) => lookUp(id)));
    const asked = calls.length;
    await Promise.all(['U1', 'U14980', 'U40000'].map((id) => lookUp(id)));
    expect(calls).toHaveLength(asked);
  });

  it('ask for each alone where the list fails', async () => {
    const { lookUp, calls } = setUp({ people: 10, listFails: true });
    await Promise.all(['U1', 'U2'].map((id) => lookUp(id)));
    expect(calls).toEqual(['users.list', 'users.info', 'users.info']);
  });

  it('take nothing for new that Slack was asked for five minutes ago, however late its page came', async () => {
    const { lookUp, clock, change } = setUp({ people: 10, listTakesMs: 20_000 });
    async function versionOf(id: string): Promise<number> {
      const found = lookUp(id);
      await clock.advance(20_000);
      return (await found).version;
    }
    expect(await versionOf('U1')).toBe(1);
    change();
    await clock.advance(279_999);
    expect((await lookUp('U2')).version).toBe(1);
    await clock.advance(1);
    expect([await versionOf('U1'), await versionOf('U2')]).toEqual([2, 2]);
  });
});
