import type { Question } from '../chat/job.ts';
import type { PostedMessage } from '../ports/events.ts';

/** The question in a message, without the id by which edits are recognised. */
export function askedBy({ id, actor, place, surface, parts, readThread }: PostedMessage): Question {
  return { eventId: id, actor, place, surface, parts, ...(readThread && { readThread }) };
}
