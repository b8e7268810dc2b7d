import type { Journal, Orphan } from '../../coordination/journal.ts';
import type { Delivery } from '../../delivery/reply.ts';
import { createRunning, createTasks, type Tasks } from '../../kit/scheduling/tasks.ts';
import { type Background, repeat } from '../../kit/time/repeat.ts';
import type { Adapter } from '../../ports/adapter.ts';
import { PlaceGone } from '../../ports/delivery-errors.ts';
import type { Platform } from '../../ports/platforms.ts';
import type { FinishAnswer } from './finishing.ts';
import { createUnlocking, type UnlockingOptions } from './unlocking.ts';

export interface TakeoverOptions extends UnlockingOptions {
  readonly journal: Journal;
  readonly finish: FinishAnswer;
  readonly delivery: Pick<Delivery, 'clock' | 'log'>;
}

/** A lease expires 10 s after its process died, so an orphan is found within 12 s. */
const LOOK_EVERY_MS = 2_000;
/** Each may wait for its platform. */
const MAX_AT_ONCE = 50;

export type Takeover = ReturnType<typeof createTakeover>;

/**
 * Finishes what dead processes left. An answer is shown with everything that had arrived, as it ended, or as interrupted
 * with Retry. If that is impossible now, because its platform is unreachable or belongs to another process, the next look
 * tries again, here or elsewhere. Looks every 2 s, and finishes at most 50 answers at once.
 */
export function createTakeover(options: TakeoverOptions) {
  const { journal, finish } = options;
  const { clock, log } = options.delivery;
  const finishAt = createUnlocking(options, end);
  /** Those that can find answers again. */
  const adapters = new Map<Platform, Required<Pick<Adapter, 'reopen'>>>();
  /** Answers of unlocked places; null before the start. */
  let unlocking: Tasks | null = null;
  /** How often a place was reported as unlocked. */
  let unlocks = 0;

  async function look(signal: AbortSignal): Promise<void> {
    const running = createRunning();
    try {
      for (;;) {
        signal.throwIfAborted();
        if (running.size >= MAX_AT_ONCE) await running.next();
        const orphan = await journal.takeOver();
        if (orphan === null) {
          if (running.size === 0) return;
          // Finishing may wait for a lock of the same dead process, whose lease expires some seconds later.
          await Promise.race([running.next(), clock.sleep(LOOK_EVERY_MS, signal)]);
          continue;
        }
        running.add(end(orphan, signal));
      }
    } finally {
      await running.settled();
    }
  }

  /** Ends the event of an orphan, or leaves it to another process or a later look. Never rejects. */
  async function end(orphan: Orphan, signal: AbortSignal): Promise<void> {
    const { entry, eventId: event, written } = orphan;
    const before = unlocks;
    try {
      if (!(await isFinished(orphan, AbortSignal.any([signal, entry.lost])))) return entry.leave();
      await entry.end();
      // The place may have been unlocked before the answer was kept for that.
      if (unlocks !== before && written !== null) finishHeld(written.platform, null);
    } catch (error) {
      if (error instanceof PlaceGone) {
        log.warn({ err: error, event }, "the place of a dead process's answer is gone");
        return await entry.end();
      }
      if (!signal.aborted)
        log.warn({ err: error, event }, "could not finish a dead process's answer; retrying later");
      entry.leave();
    }
  }

  async function isFinished({ written, ...event }: Orphan, signal: AbortSignal): Promise<boolean> {
    if (written === null) return true;
    const adapter = adapters.get(written.platform);
    return adapter !== undefined && finish({ ...event, written }, adapter, signal);
  }

  function finishHeld(platform: Platform, at: string | null): void {
    unlocking?.run('finish answers held until their place was unlocked', (signal) =>
      finishAt(platform, at, signal),
    );
  }

  return {
    /** Begins to look for such answers. The adapters have started. */
    startThrough(started: readonly Pick<Adapter, 'platform' | 'reopen'>[]): Background {
      for (const adapter of started) {
        if (adapter.reopen !== undefined) adapters.set(adapter.platform, adapter as Required<typeof adapter>);
      }
      const tasks = createTasks(log);
      unlocking = tasks;
      const looking = repeat('finishing answers of dead processes', LOOK_EVERY_MS, look, { clock, log });
      return {
        async stop() {
          await Promise.all([looking.stop(), tasks.stop()]);
        },
      };
    },
    /**
     * Reports that a locked place may be unlocked; null stands for any place of the platform. Answers held there are finished in
     * the background. Does nothing before the start.
     */
    unlocked(platform: Platform, at: string | null): void {
      unlocks++;
      finishHeld(platform, at);
    },
  };
}
