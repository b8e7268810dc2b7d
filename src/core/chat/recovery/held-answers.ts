import { z } from 'zod';
import type { AnswerRecord, AnswerRecords } from '../../conversations/answer-records.ts';
import { createCollection } from '../../coordination/collection.ts';
import type { AnswerState } from '../../coordination/journal-entry.ts';
import type { Platform } from '../../ports/platforms.ts';
import type { Store } from '../../ports/store.ts';
import { MAX_NOTE_CHARS } from '../../ports/surface.ts';

/** The event id of one try to finish a held answer. */
export function unlockEventOf(answerId: string, tries: number): string {
  return `${answerId}/opened/${tries}`;
}

/** The number of the try behind such an event; null for other events. */
export function triesIn(event: string): number | null {
  const tries = /\/opened\/(\d+)$/.exec(event)?.[1];
  return tries === undefined ? null : Number(tries);
}

const LATE = 'The thread was locked before this answer was shown.';

/** Adds to the note why the answer is late. */
function marked({ ending, ...state }: AnswerState): AnswerState {
  const note = [ending?.note, LATE].filter(Boolean).join(' ').slice(0, MAX_NOTE_CHARS);
  return { ...state, ending: ending && { ...ending, note } };
}

export type HeldAnswers = ReturnType<typeof createHeldAnswers>;

/** Answers whose place was locked before they were shown, for `retentionMs` milliseconds. Their records have the texts. */
export function createHeldAnswers(
  store: Store,
  answers: Pick<AnswerRecords, 'amend' | 'unhold'>,
  retentionMs: number,
) {
  const places = createCollection(store, 'held', z.object({}), { ttlMs: retentionMs });
  const keyOf = (platform: Platform, at: string, id: string) => `${platform}/${at}/${id}`;

  return {
    /** Keeps an answer; does nothing if it was forgotten meanwhile. */
    async hold(platform: Platform, answer: NonNullable<AnswerRecord['held']>): Promise<void> {
      const state = answer.tries === 0 ? marked(answer.state) : answer.state;
      const isKept = await answers.amend(state.id, { held: { ...answer, state } });
      if (isKept) await places.set(keyOf(platform, answer.at, state.id), {});
    },
    /** Ids of the answers held at a place; with null, of all on the platform. */
    async *idsAt(platform: Platform, at: string | null): AsyncGenerator<string> {
      const prefix = at === null ? `${platform}/` : keyOf(platform, at, '');
      const keys = new Set(await Array.fromAsync(places.keys(prefix)));
      for (const key of keys) yield key.slice(key.lastIndexOf('/') + 1);
    },
    /** Removes an answer that this try finishes. The try may repeat it. False if it was forgotten, or waits for a later try. */
    async takeHeld(platform: Platform, id: string, tries: number): Promise<boolean> {
      const before = await answers.unhold(id, tries);
      if (before === null || (before.held !== undefined && before.held.tries > tries)) return false;
      if (before.held !== undefined) await places.delete(keyOf(platform, before.held.at, id));
      return true;
    },
  };
}
