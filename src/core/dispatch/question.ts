import type { Question } from '../chat/job.ts';
import type { PostedMessage } from '../ports/events.ts';

/** The question that a message asks, without the id by which an edit of it is known. */
export function askedBy({ id, actor, place, surface, parts, readThread }: PostedMessage): Question {
  return { eventId: id, actor, place, surface, parts, ...(readThread && { readThread }) };
}
