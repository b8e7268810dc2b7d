import type { Turn } from '../../conversations/conversation.ts';
import { isFromThread } from '../../ports/parts.ts';
import type { Question } from './job.ts';

/** The number of messages from which on summarising a thread helps. */
const LONG_THREAD = 10;

/**
 * Whether the answer gets a button to summarise its thread.
 * @param turns earlier turns, then the parts of this question
 */
export function isInLongThread(
  { surface, readThread, isAboutThread = false }: Question,
  readsThreads: boolean,
  turns: readonly Pick<Turn, 'brought'>[],
): boolean {
  if (surface.isPrivate || isAboutThread || !readsThreads) return false;
  const quoted = turns.flatMap(({ brought = [] }) => brought).filter(isFromThread).length;
  const asked = readThread === undefined ? 0 : 2 * (turns.length - 1);
  return quoted + asked >= LONG_THREAD;
}
