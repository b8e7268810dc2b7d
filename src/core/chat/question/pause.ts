import { z } from 'zod';
import { auditRecord, INSTALLATION } from '../../access/audit.ts';
import { type CollectionStore, createCollection } from '../../coordination/collection.ts';
import type { Clock } from '../../kit/time/clock.ts';
import type { LogRecord } from '../../ports/store.ts';
import type { Surface } from '../../ports/surface.ts';
import type { Tell } from '../words/messenger.ts';

const pauseSchema = z.object({
  /** The text for people; empty for the default. */
  text: z.string(),
  by: z.string(),
  sinceMs: z.number(),
});

export type Pause = z.infer<typeof pauseSchema>;

/** Tells the asker if the bot is paused; resolves to whether it is. */
export type PauseCheck = (at: { readonly surface: Surface }) => Promise<boolean>;

export function createPauseCheck(pauses: Pick<Pauses, 'words'>, tell: Tell): PauseCheck {
  return async ({ surface }) => {
    const words = await pauses.words();
    if (words !== null) await tell(surface, words);
    return words !== null;
  };
}

/** Longest text for people, in UTF-16 units. */
export const MAX_PAUSE_CHARS = 500;
/** How long a process may not know about a pause; without this each question would read the store. */
export const PAUSE_KNOWN_MS = 2_000;
const KEY = 'all';

export type Pauses = ReturnType<typeof createPauses>;

/** A pause of new questions in all processes, within two seconds. Answers in progress continue, and commands work. */
export function createPauses(store: CollectionStore, clock: Clock) {
  const pauses = createCollection(store, 'pause', pauseSchema);
  let known: { readonly pause: Pause | null; readonly atMs: number } | null = null;

  /** The present pause; null if there is none. */
  async function read(): Promise<Pause | null> {
    const pause = (await pauses.get(KEY)) ?? null;
    known = { pause, atMs: clock.now() };
    return pause;
  }

  /** The entry of a change in the audit log. */
  function recordOf(
    action: string,
    by: string,
    before: Pick<Pause, 'text'> | null,
    after: Pick<Pause, 'text'> | null,
  ): LogRecord {
    const words = (pause: Pick<Pause, 'text'> | null) => pause && (pause.text || 'a pause without a text');
    const change = { action, from: words(before), to: words(after), reason: '' };
    return auditRecord({ guild: INSTALLATION, by, atMs: clock.now(), ...change });
  }

  return {
    read,

    /** The text for somebody who asks; null if there is no pause. Up to 2 s old. */
    async words(): Promise<string | null> {
      const isFresh = known !== null && clock.now() < known.atMs + PAUSE_KNOWN_MS;
      const pause = isFresh ? known?.pause : await read();
      if (!pause) return null;
      return pause.text === ''
        ? 'I am paused for maintenance and not taking questions right now. Ask again later.'
        : `I am paused and not taking questions right now: ${pause.text}`;
    },

    /** Replaces the previous pause. Every process knows within 2 s. */
    async pause(text: string, by: string): Promise<void> {
      const before = (await pauses.get(KEY)) ?? null;
      const record = recordOf('pause.begin', by, before, { text });
      await pauses.set(KEY, { text, by, sinceMs: clock.now() }, record);
      known = null;
    },

    /** Resolves to the pause that it ended; null if there was none. */
    async resume(by: string): Promise<Pause | null> {
      const before = (await pauses.get(KEY)) ?? null;
      known = null;
      if (before === null) return null;
      return (await pauses.delete(KEY, recordOf('pause.end', by, before, null))) ? before : null;
    },
  };
}
