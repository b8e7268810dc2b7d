import type { Logger } from 'pino';
import { z } from 'zod';
import type { Actor } from '../actor.ts';
import { repeat } from '../background.ts';
import type { Clock } from '../clock.ts';
import type { RecordStore } from '../store.ts';
import type { LiveAnswers } from './live-answers.ts';

/**
 * Stop buttons across processes: who hears of the press need not be who writes the answer. A wish to stop is a record that
 * every process looks for while it has answers under way.
 */
export interface RemoteStops {
  /** Has the answer stopped by whichever process writes it, within seconds. Whether this person may is the caller's to know. */
  send(answerId: string, actor: Actor): Promise<void>;
  stop(): Promise<void>;
}

export interface RemoteStopsOptions {
  readonly records: RecordStore;
  readonly live: LiveAnswers;
  readonly clock: Clock;
  readonly log: Logger;
}

const KIND = 'stop';
const LOOK_EVERY_MS = 1_000;
/** Longer than a look takes to come again, and than the clocks of two machines differ. Stopping twice is no harm. */
const KEPT_MS = 60_000;

const stopSchema = z.object({ answer: z.string(), name: z.string() });

export function createRemoteStops({ records, live, clock, log }: RemoteStopsOptions): RemoteStops {
  /** When this process wrote a record that is still to be removed. */
  let sentAtMs: number | null = null;

  const looking = repeat(
    'looking for answers to be stopped',
    LOOK_EVERY_MS,
    async () => {
      const nowMs = clock.now();
      if (sentAtMs !== null && nowMs - sentAtMs > KEPT_MS) {
        await records.remove({ kind: KIND, toMs: nowMs - KEPT_MS });
        sentAtMs = null;
      }
      if (live.size === 0) return;
      for await (const { user, data } of records.query({ kind: KIND, fromMs: nowMs - KEPT_MS })) {
        const { answer, name } = stopSchema.parse(data);
        live.get(answer)?.stop({ kind: 'person', user, name });
      }
    },
    { clock, log },
  );

  return {
    async send(answer, { guild, user, name }) {
      sentAtMs = clock.now();
      await records.append({ kind: KIND, guild, user, atMs: sentAtMs, data: { answer, name } });
    },
    stop: () => looking.stop(),
  };
}
