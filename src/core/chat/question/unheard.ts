import type { Conversation } from '../../conversations/conversation.ts';
import type { Listening } from '../../conversations/listening.ts';
import type { ToGather } from '../../prompt/gather.ts';
import type { Question } from './job.ts';

export interface UnheardIn {
  /** Whether questions here include their thread. */
  readonly readsThreads: boolean;
  /** The question's conversation; null if it has none yet. */
  readonly begun: Conversation | null;
  /** The question's own turn, which may be stored already. */
  readonly turn: string | null;
}

/** Reads the part of a question's thread that its conversation lacks: all of it at first, later the part that the bot missed. */
export type Unheard = (question: Question, where: UnheardIn) => Promise<ToGather['readThread']>;

export function createUnheard(listening: Pick<Listening, 'hears'>): Unheard {
  return async ({ readThread, isAboutThread, isMention, place }, { readsThreads, begun, turn }) => {
    if (readThread === undefined || (!isAboutThread && !readsThreads)) return null;
    const others = begun?.turns.filter(({ id }) => id !== turn) ?? [];
    const knownUntilMs = Math.max(begun?.anewAtMs ?? 0, ...others.map(({ askedAtMs }) => askedAtMs));
    if (isAboutThread || knownUntilMs === 0) return (signal) => readThread(null, signal);
    if (!isMention || place.key === null || (await listening.hears(place.key))) return null;
    return (signal) => readThread(knownUntilMs, signal);
  };
}
