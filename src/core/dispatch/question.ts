import type { Question } from '../chat/question/job.ts';
import type { PostedMessage } from '../ports/events.ts';

/** The question in a message, without the id by which edits are recognised. */
export function askedBy({ id, actor, place, surface, parts, address, readThread }: PostedMessage): Question {
  const isMention = address.mentionsBot;
  return { eventId: id, actor, place, surface, parts, isMention, ...(readThread && { readThread }) };
}
