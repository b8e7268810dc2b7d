import type { Conversation } from '../../conversations/conversation.ts';
import type { Listening } from '../../conversations/listening.ts';
import type { ToGather } from '../../prompt/gather.ts';
import type { Question } from './job.ts';

/** Reads the part of a question's thread that its conversation lacks: all of it at first, later the part that the bot missed. */
export async function unheard(
  listening: Pick<Listening, 'hears'>,
  { readThread, isAboutThread, isMention, place }: Question,
  {
    readsThreads,
    begun,
    turn,
  }: {
    /** Whether questions here include their thread. */
    readonly readsThreads: boolean;
    /** The question's conversation; null if it has none yet. */
    readonly begun: Conversation | null;
    /** The question's own turn, which may be stored already; null if it is not. */
    readonly turn: string | null;
  },
): Promise<ToGather['readThread']> {
  if (readThread === undefined || (!isAboutThread && !readsThreads)) return null;
  const others = begun?.turns.filter(({ id }) => id !== turn) ?? [];
  const knownUntilMs = Math.max(begun?.anewAtMs ?? 0, ...others.map(({ askedAtMs }) => askedAtMs));
  if (isAboutThread || knownUntilMs === 0) return (signal) => readThread(null, signal);
  if (!isMention || place.key === null || (await listening.hears(place.key))) return null;
  return (signal) => readThread(knownUntilMs, signal);
}
