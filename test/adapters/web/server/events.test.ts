import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createChangeLog } from '../../../../src/adapters/web/server/change-log.ts';
import { streamEvents } from '../../../../src/adapters/web/server/events.ts';
import type { Changes, Item } from '../../../../src/adapters/web/wire.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

/** A reader's socket that takes what it is given until it is told that it is full. */
class Socket extends EventEmitter {
  readonly written: string[] = [];
  isFull = false;
  isDestroyed = false;
  writeHead(): this {
    return this;
  }
  write(chunk: string): boolean {
    this.written.push(chunk);
    return !this.isFull;
  }
  destroy(): void {
    this.isDestroyed = true;
    this.emit('close');
  }
  drain(): void {
    this.isFull = false;
    this.emit('drain');
  }
  get changes(): Changes[] {
    return this.written.flatMap((chunk) => {
      const data = /^data: (.*)$/m.exec(chunk)?.[1];
      return data === undefined ? [] : [JSON.parse(data) as Changes];
    });
  }
}

function open({ lastEventId = null as string | null, isOpen = (): boolean => true } = {}) {
  const changes = createChangeLog<Item>();
  const clock = createFakeClock();
  const socket = new Socket();
  const stopping = new AbortController();
  const options = { changes, epoch: 'e1', reader: 'member', lastEventId, clock, isOpen };
  const streaming = () => streamEvents(socket as unknown as ServerResponse, options, stopping.signal);
  return { changes, clock, socket, stopping, streaming };
}

function activity(id: string): Item {
  return {
    kind: 'activity',
    id,
    user: 'member',
    activity: 'working',
    queue: null,
    channel: 'general',
    thread: null,
  };
}

describe('an event stream', () => {
  it('sends what changes within one turn of the event loop together', async () => {
    const { changes, clock, socket, stopping, streaming } = open();
    const done = streaming();
    for (let n = 0; n < 100; n++) changes.put('a', activity(`${n}`), null);
    changes.put('b', activity('b'), null);
    await clock.advance(0);
    expect(socket.changes).toHaveLength(2);
    expect(socket.changes[1]?.items).toEqual([
      ['a', activity('99')],
      ['b', activity('b')],
    ]);
    stopping.abort();
    await done;
  });

  it('writes nothing to a full socket, and the newest state alone once it has drained', async () => {
    const { changes, clock, socket, stopping, streaming } = open();
    const done = streaming();
    socket.isFull = true;
    changes.put('a', activity('0'), null);
    await clock.advance(0);
    const before = socket.written.length;
    for (let n = 1; n <= 1_000; n++) {
      changes.put('a', activity(`${n}`), null);
      if (n % 100 === 0) await clock.advance(0);
    }
    expect(socket.written).toHaveLength(before);
    socket.drain();
    expect(socket.written).toHaveLength(before + 1);
    expect(socket.changes.at(-1)?.items).toEqual([['a', activity('1000')]]);
    stopping.abort();
    await done;
  });

  it('drops a reader that takes nothing for a whole ping', async () => {
    const { changes, clock, socket, streaming } = open();
    const done = streaming();
    socket.isFull = true;
    changes.put('a', activity('0'), null);
    await clock.advance(30_000);
    expect(socket.isDestroyed).toBe(true);
    await done;
  });

  it('keeps a reader that is slow but takes what it gets', async () => {
    const { changes, clock, socket, stopping, streaming } = open();
    const done = streaming();
    for (let n = 0; n < 10; n++) {
      socket.isFull = true;
      changes.put('a', activity(`${n}`), null);
      await clock.advance(14_000);
      socket.drain();
    }
    expect(socket.isDestroyed).toBe(false);
    stopping.abort();
    await done;
  });

  it('pings a reader to whom there is nothing to say', async () => {
    const { clock, socket, stopping, streaming } = open();
    const done = streaming();
    await clock.advance(45_000);
    expect(socket.written.filter((chunk) => chunk === ': ping\n\n')).toHaveLength(3);
    stopping.abort();
    await done;
  });

  it('numbers its events so that another stream goes on from there', async () => {
    const { changes, clock, socket, stopping, streaming } = open();
    changes.put('a', activity('a'), null);
    const done = streaming();
    changes.put('b', activity('b'), null);
    await clock.advance(0);
    expect(
      socket.written.filter((chunk) => chunk.startsWith('id: ')).map((chunk) => chunk.split('\n', 1)[0]),
    ).toEqual(['id: e1-1', 'id: e1-2']);
    stopping.abort();
    await done;
    const listeners = changes.subscribe(() => {});
    listeners();
  });

  it.each([
    ['e1-1', { reset: false, items: [['b', activity('b')]] }],
    [
      'e0-1',
      {
        reset: true,
        items: [
          ['a', activity('a')],
          ['b', activity('b')],
        ],
      },
    ],
  ])('goes on from %s only if this process has sent it', async (lastEventId, first) => {
    const { changes, socket, stopping, streaming } = open({ lastEventId });
    changes.put('a', activity('a'), null);
    changes.put('b', activity('b'), null);
    const done = streaming();
    expect(socket.changes).toMatchObject([first]);
    stopping.abort();
    await done;
  });

  it('ends when the reader may no longer follow', async () => {
    let mayFollow = true;
    const { changes, clock, socket, streaming } = open({ isOpen: () => mayFollow });
    const done = streaming();
    await clock.advance(15_000);
    expect(socket.isDestroyed).toBe(false);
    mayFollow = false;
    await clock.advance(15_000);
    await done;
    expect(socket.isDestroyed).toBe(true);
    const written = socket.written.length;
    changes.put('a', activity('a'), null);
    await clock.advance(0);
    expect(socket.written).toHaveLength(written);
  });

  it('ends when the reader leaves', async () => {
    const { socket, streaming, clock } = open();
    const done = streaming();
    socket.emit('close');
    await done;
    expect(clock.pending).toBe(0);
  });
});
