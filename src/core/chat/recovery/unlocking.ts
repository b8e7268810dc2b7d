import type { AnswerRecords } from '../../conversations/answer-records.ts';
import type { Journal, Orphan } from '../../coordination/journal.ts';
import type { Delivery } from '../../delivery/reply.ts';
import type { Platform } from '../../ports/platforms.ts';
import { StoreError } from '../../ports/store.ts';
import { type HeldAnswers, unlockEventOf } from './held-answers.ts';

export interface UnlockingOptions {
  readonly journal: Pick<Journal, 'claimEvent'>;
  readonly answers: Pick<AnswerRecords, 'get'>;
  readonly held: Pick<HeldAnswers, 'idsAt'>;
  readonly delivery: Pick<Delivery, 'clock' | 'log'>;
}

/** Finishes the answers held at an unlocked place; with null, at any place of the platform. Waits while the store does not answer. */
export type FinishAt = (platform: Platform, at: string | null, signal: AbortSignal) => Promise<void>;

const READ_AGAIN_AFTER_MS = 2_000;

/** @param end finishes one answer, or leaves it to another process. Must not reject */
export function createUnlocking(
  { journal, answers, held, delivery }: UnlockingOptions,
  end: (orphan: Orphan, signal: AbortSignal) => Promise<void>,
): FinishAt {
  /** Unlocked places that could not be read yet. */
  const unread = new Set<string>();

  async function finishAt(platform: Platform, at: string | null, signal: AbortSignal): Promise<void> {
    for await (const id of held.idsAt(platform, at)) {
      signal.throwIfAborted();
      const found = (await answers.get(id))?.held;
      if (found === undefined) continue;
      const { reference, state, tries } = found;
      const eventId = unlockEventOf(id, tries);
      // If several processes hear of it, one continues. The journal has the answer from this step on.
      const entry = await journal.claimEvent(eventId, platform, { reference }, { answer: state });
      if (entry === null) continue;
      const written = { version: 1, platform, place: reference, answer: state, asked: null } as const;
      await end({ eventId, entry, written }, signal);
    }
  }

  return async (platform, at, signal) => {
    const place = `${platform}/${at}`;
    for (;;) {
      try {
        return await finishAt(platform, at, signal);
      } catch (error) {
        // Somebody else who waits for the store reads the same place then.
        if (!(error instanceof StoreError) || signal.aborted || unread.has(place)) throw error;
        unread.add(place);
        await delivery.clock.sleep(READ_AGAIN_AFTER_MS, signal).finally(() => unread.delete(place));
      }
    }
  };
}
