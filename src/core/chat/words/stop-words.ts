import type { AnswerEnd } from '../../coordination/journal.ts';
import type { StopCause } from '../../coordination/live-answers.ts';
import { plainName } from '../../kit/text.ts';

export const INTERRUPTED = 'Interrupted: the bot was restarted. Press Retry to ask again.';

/** How an answer ended that was stopped. */
export function endOfStop(cause: StopCause): Pick<AnswerEnd, 'status' | 'note'> {
  return { status: isInterruption(cause) ? 'interrupted' : 'stopped', note: noteOnStop(cause) };
}

/** Whether the answer stopped without anybody asking for it. */
export function isInterruption({ kind }: StopCause): boolean {
  return kind === 'shutdown' || kind === 'taken_over';
}

function noteOnStop(cause: StopCause): string {
  switch (cause.kind) {
    case 'person':
      return `Stopped by ${plainName(cause.name) || 'somebody'}.`;
    case 'question_deleted':
      return 'Stopped: the question was deleted.';
    case 'question_edited':
      return 'Stopped: the question was edited.';
    case 'forgotten':
      return 'Stopped: the conversation was deleted.';
    case 'place_gone':
      // Only seen if the platform accepts writes again.
      return 'Stopped: I can no longer write here. Press Retry to ask again.';
    case 'place_closes':
      return 'Stopped: a private answer can only be updated for a limited time. Ask for the rest in a new question.';
    case 'shutdown':
      return 'Interrupted: the bot was stopped. Press Retry to ask again.';
    case 'taken_over':
      return INTERRUPTED;
  }
}
