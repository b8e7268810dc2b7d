import { z } from 'zod';
import { type CollectionStore, createCollection } from '../coordination/collection.ts';
import type { Clock } from '../kit/clock.ts';

const pauseSchema = z.object({
  /** What people are told; empty for a general word. */
  text: z.string(),
  by: z.string(),
  sinceMs: z.number(),
});

export type Pause = z.infer<typeof pauseSchema>;

/** Whether all processes take no new questions for now. Answers under way go on; commands work. */
export interface Pauses {
  /** The pause that holds; null if there is none. */
  read(): Promise<Pause | null>;
  /** What to tell somebody who asks; null if there is no pause. Up to 2 s old. */
  words(): Promise<string | null>;
  /** In place of the pause before. Every process knows within 2 s. */
  begin(text: string, by: string): Promise<void>;
  /** False if there was none. */
  end(): Promise<boolean>;
}

/** The longest text that people are told, in characters. */
export const MAX_PAUSE_CHARS = 500;
/** So long a process may not know of a pause: each question would read the store else. */
export const PAUSE_KNOWN_MS = 2_000;
const KEY = 'all';

export function createPauses(store: CollectionStore, clock: Clock): Pauses {
  const pauses = createCollection(store, 'pause', { version: 1, schema: pauseSchema });
  let known: { readonly pause: Pause | null; readonly atMs: number } | null = null;

  async function read(): Promise<Pause | null> {
    const pause = (await pauses.get(KEY)) ?? null;
    known = { pause, atMs: clock.now() };
    return pause;
  }

  return {
    read,

    async words() {
      const isFresh = known !== null && clock.now() < known.atMs + PAUSE_KNOWN_MS;
      const pause = isFresh ? known?.pause : await read();
      if (!pause) return null;
      return pause.text === ''
        ? 'I am paused for maintenance and take no questions at the moment. Ask again later.'
        : `I am paused and take no questions at the moment: ${pause.text}`;
    },

    async begin(text, by) {
      await pauses.set(KEY, { text, by, sinceMs: clock.now() });
      known = null;
    },

    async end() {
      known = null;
      return pauses.delete(KEY);
    },
  };
}
