import type { AnswerEnd } from '../coordination/journal-entry.ts';
import type { Reply } from '../delivery/reply.ts';
import type { EndedMoment } from '../ports/buttons.ts';
import type { Surface } from '../ports/surface.ts';
import type { ShownAnswer } from './answer-records.ts';

/** The place and buttons of a finished answer, for its record. */
export function shownBy(reply: Reply, { reference }: Surface, moment: EndedMoment): ShownAnswer {
  return { reference: reference ?? null, sealed: reply.progress().sealed, moment };
}

/** The facts that decide about the buttons under a finished answer. */
export function momentAfter(
  { status, isCut = false }: Pick<AnswerEnd, 'status' | 'isCut'>,
  { canContinueInThread, isPrivate }: Surface,
): EndedMoment {
  return {
    state: 'ended',
    isComplete: status === 'complete',
    isCut,
    mayContinueInThread: canContinueInThread && !isPrivate,
    announcesListening: false,
  };
}
