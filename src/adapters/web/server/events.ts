import type { ServerResponse } from 'node:http';
import type { Clock } from '../../../core/kit/time/clock.ts';
import type { Changes, Item } from '../wire.ts';
import type { ChangeLog } from './change-log.ts';

const PING_EVERY_MS = 15_000;

export interface EventStreamOptions {
  readonly changes: ChangeLog<Item>;
  /** This process's id, because another process cannot interpret its numbers. */
  readonly epoch: string;
  readonly reader: string;
  /** The last event id that the reader received; anything else starts anew. */
  readonly lastEventId: string | null;
  readonly clock: Clock;
  /** Whether the reader may still follow; checked at each ping. */
  readonly isOpen: () => boolean;
}

/**
 * Streams changes as server-sent events until the reader leaves or `signal` aborts. Nothing is queued: once a slow reader's
 * socket drains, it gets the newest state of what it missed. A reader that takes nothing during a whole ping is dropped, and
 * catches up when it reconnects.
 */
export async function streamEvents(
  response: ServerResponse,
  { changes, epoch, reader, lastEventId, clock, isOpen }: EventStreamOptions,
  signal: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  const ended = AbortSignal.any([gone.signal, signal]);
  let known = numberOf(lastEventId, epoch);
  let isBlocked = false;
  let isScheduled = false;
  let drains = 0;

  function flush(): void {
    isScheduled = false;
    if (isBlocked || ended.aborted) return;
    const { version, ...set } = changes.since(known, reader);
    const isNews = set.reset || set.items.length > 0 || set.removed.length > 0;
    known = version;
    if (!isNews) return;
    const data: Changes = set;
    isBlocked = !response.write(`id: ${epoch}-${version}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Changes within one turn of the event loop are sent together. */
  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(flush);
  }

  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
  });
  response.write('retry: 1000\n\n');
  response.on('close', () => gone.abort());
  response.on('error', () => gone.abort());
  response.on('drain', () => {
    isBlocked = false;
    drains += 1;
    flush();
  });
  const unsubscribe = changes.subscribe(schedule);
  try {
    flush();
    while (!ended.aborted) {
      const stalledAt = isBlocked ? drains : null;
      await clock.sleep(PING_EVERY_MS, ended);
      if (stalledAt === drains || !isOpen()) break;
      if (!isBlocked) isBlocked = !response.write(': ping\n\n');
    }
  } catch (error) {
    if (!ended.aborted) throw error;
  } finally {
    unsubscribe();
    response.destroy();
  }
}

function numberOf(eventId: string | null, epoch: string): number | null {
  const [, of, number] = /^([A-Za-z0-9]+)-(\d{1,15})$/.exec(eventId ?? '') ?? [];
  return of === epoch ? Number(number) : null;
}
