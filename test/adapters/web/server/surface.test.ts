import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { createRoom, type Room } from '../../../../src/adapters/web/server/room.ts';
import { createWebSurface, reopenWebSurface } from '../../../../src/adapters/web/server/surface.ts';
import type { Item } from '../../../../src/adapters/web/wire.ts';
import { createWriteLimiters } from '../../../../src/core/delivery/write-limiter.ts';
import { surfaceContract } from '../../../contracts/surface.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { createFastClock } from '../../../support/fast-clock.ts';
import { openStore } from '../playground.ts';
import { viewOf } from '../scripted-dispatch.ts';

const never = new AbortController().signal;

/** The surface of a member's question in a channel. */
function surfaceIn(room: Room) {
  return createWebSurface(room, {
    question: 'question-1',
    user: 'member',
    spot: { channel: 'general', thread: null },
    audience: null,
    isPrivate: false,
    about: null,
  });
}

surfaceContract('playground', {
  lacks: ['shut', 'refuseFiles', 'failNext'],
  async open() {
    const clock = createFastClock();
    const room = createRoom(openStore(new Map()), clock, pino({ level: 'silent' }));
    const surface = surfaceIn(room);
    const shown = (reader: string): Item[] => room.changes.since(null, reader).items.map(([, item]) => item);
    const answers = (reader: string) => shown(reader).filter((item) => item.kind === 'answer');

    return {
      surface,
      clock,
      limiters: createWriteLimiters(clock),
      reopen: async (lost) => reopenWebSurface(room, lost),
      pingSpellings: ['@Mia', '@everyone'],
      pings: () => 0,
      violations: () => [],
      readMessages: async () =>
        answers('member').map(({ id, text, note, footer }) => {
          const stored = room.find(id);
          return {
            text: [text, note, footer].filter((line) => line !== null).join('\n'),
            buttons: stored?.kind === 'answer' ? stored.buttons : [],
          };
        }),
      readAs: async (reader) =>
        shown(reader === 'asker' ? 'member' : 'admin')
          .filter((item) => item.kind === 'notice')
          .map(({ text }) => text)
          .join('\n'),
      filesSeen: () =>
        shown('admin').flatMap((item) => (item.kind === 'answer' ? item.files.map(({ name }) => name) : [])),
      deleteMessage: async (index) => {
        await room.remove(answers('member')[index]?.id ?? '');
      },
      close: async () => {},
    };
  },
});

describe('a playground whose store fails', () => {
  /** A store that refuses writes while `isDown`, or takes them and answers with a fault while `isDeaf`. */
  function setUp() {
    const clock = createFakeClock();
    const values = new Map<string, unknown>();
    const faults = { isDown: false, isDeaf: false };
    const store = openStore(
      Object.assign(values, {
        set(key: string, value: unknown) {
          if (faults.isDown) throw new Error('down');
          Map.prototype.set.call(values, key, value);
          if (faults.isDeaf) throw new Error('deaf');
          return values;
        },
      }),
    );
    const room = createRoom(store, clock, pino({ level: 'silent' }));
    const surface = surfaceIn(room);
    const answers = () =>
      room.changes
        .since(null, 'member')
        .items.filter(([, item]) => item.kind === 'answer')
        .map(([, item]) => item);
    return { clock, values, faults, surface, answers };
  }

  it('opens no message that would be lost, and opens it once when it is tried again', async () => {
    const { values, faults, surface, answers } = setUp();
    faults.isDeaf = true;
    await expect(surface.openMessage(viewOf('One'), never)).rejects.toThrow('deaf');
    expect(answers()).toEqual([]);
    faults.isDeaf = false;
    await surface.openMessage(viewOf('One two'), never);
    expect(answers()).toMatchObject([{ text: 'One two' }]);
    expect(values.size).toBe(1);
  });

  it('goes on showing an answer, and takes its last state only when that is stored', async () => {
    const { clock, faults, surface, answers } = setUp();
    const message = await surface.openMessage(viewOf('One'), never);
    faults.isDown = true;
    await clock.advance(2_000);
    await message.update(viewOf('One two'), never);
    expect(answers()).toMatchObject([{ text: 'One two' }]);
    const last = viewOf('One two.', { status: 'complete' });
    await expect(message.update(last, never)).rejects.toThrow('down');
    faults.isDown = false;
    await message.update(last, never);
    expect(answers()).toMatchObject([{ text: 'One two.', status: 'complete' }]);
  });
});

describe('a place in the playground', () => {
  const place = {
    question: 'question-1',
    user: 'member',
    spot: { channel: 'general', thread: null },
    audience: 'member',
    isPrivate: true,
    about: null,
  };

  async function setUp() {
    const values = new Map<string, unknown>();
    const openRoom = async () => {
      const room = createRoom(openStore(values), createFakeClock(), pino({ level: 'silent' }));
      await room.load();
      return room;
    };
    const before = await openRoom();
    return { surface: createWebSurface(before, place), openRoom };
  }

  it('is found again by the next process, with the message that was growing', async () => {
    const { surface, openRoom } = await setUp();
    const first = await surface.openMessage(viewOf('One'), never);
    await first.update({ ...viewOf('One.'), status: 'sealed', buttons: [] }, never);
    const second = await surface.openMessage(viewOf('Two'), never);

    const room = await openRoom();
    const lost = { reference: surface.reference ?? '', answerId: 'answer-1' };
    const found = reopenWebSurface(room, lost);
    expect(found?.surface.isPrivate).toBe(true);
    expect(found?.message).toMatchObject({ text: 'Two', isEnded: false, live: { key: second.key } });
    await found?.message?.live.update({ ...viewOf('Two.'), status: 'interrupted' }, never);
    expect(room.find(second.key)).toMatchObject({ text: 'Two.', status: 'interrupted', audience: 'member' });
    expect(reopenWebSurface(room, lost)?.message?.isEnded).toBe(true);
    expect(reopenWebSurface(room, { ...lost, answerId: 'answer-2' })?.message).toBeNull();
  });

  it('shows the newest state of a message that stands already, though its text is the same', async () => {
    const { surface, openRoom } = await setUp();
    const reference = surface.reference ?? '';
    const { key } = await surface.openMessage(viewOf('Yes.'), never);
    const room = await openRoom();
    const found = reopenWebSurface(room, { reference, answerId: null });
    await found?.surface.openMessage(viewOf('Yes.', { status: 'interrupted', note: 'Interrupted' }), never);
    expect(room.find(key)).toMatchObject({ text: 'Yes.', status: 'interrupted', note: 'Interrupted' });
  });

  it('is gone with the thread that it was in', async () => {
    const { surface, openRoom } = await setUp();
    const reference = JSON.stringify({
      ...JSON.parse(surface.reference ?? ''),
      spot: { channel: 'general', thread: 'no such message' },
    });
    expect(reopenWebSurface(await openRoom(), { reference, answerId: null })).toBeNull();
  });
});
