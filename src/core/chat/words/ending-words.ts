import type { AnswerEnd } from '../../coordination/journal-entry.ts';
import type { StopCause } from '../../coordination/live-answers.ts';
import { plainName } from '../../kit/text/text.ts';
import type { ChatEvent } from '../../ports/provider.ts';

/** A provider's proper end of an answer. */
export type Done = Extract<ChatEvent, { type: 'done' }>;

/** All that came of an answer. */
export interface Content {
  readonly text: string;
  readonly images: readonly unknown[];
  /** Whether any reasoning came. */
  readonly isReasoned: boolean;
}

/** Limits on the answer's length, in tokens. */
export interface Caps {
  readonly maxOutputTokens: number;
  /** The part of it that the provider's credit allowed; null if that was enough. */
  readonly affordableTokens: number | null;
}

/** How an answer ended, apart from its footer. */
export type EndWords = Omit<AnswerEnd, 'footer'>;

/** How an answer ended whose provider ended it. */
export function endOfDone(done: Done, content: Content, caps: Caps): EndWords {
  if (content.text.trim() === '' && content.images.length === 0) {
    return { status: 'failed', note: emptyNote(done, content.isReasoned, caps) };
  }
  const note = [
    endNote(done, caps),
    done.skippedLines > 0 && 'Part of this answer could not be read and is missing.',
    done.skippedImages > 0 && skippedImagesNote(done.skippedImages),
    done.tools.length > 0 && `The model also called ${toolNames(done.tools)}, which it does not have here.`,
  ]
    .filter(Boolean)
    .join(' ');
  const status = done.finish === 'content_filter' ? 'failed' : 'complete';
  const isCut = done.finish === 'length' && caps.affordableTokens === null;
  return { status, note: note || null, ...(isCut && { isCut }) };
}

function endNote({ finish }: Done, { maxOutputTokens, affordableTokens }: Caps): string | null {
  switch (finish) {
    case 'content_filter':
      return "The provider's content filter ended the answer here. Try rephrasing your question.";
    case 'length':
      return affordableTokens === null
        ? `Stopped at the length limit (${inDigits(maxOutputTokens)} tokens). Press Go on for the rest.`
        : `Stopped at ${inDigits(affordableTokens)} tokens: the provider account has no credit for more.`;
    case 'stop':
    case 'tool_calls':
    case 'unknown':
      return null;
  }
}

function emptyNote(done: Done, isReasoned: boolean, { maxOutputTokens }: Caps): string {
  const { finish, skippedLines, tools, usage } = done;
  if (finish === 'content_filter') {
    return "The provider's content filter stopped the answer. Try rephrasing your question, or pick another model.";
  }
  if (finish === 'length' && (isReasoned || (usage?.reasoningTokens ?? 0) > 0)) {
    return `The model used all ${inDigits(maxOutputTokens)} tokens for thinking and wrote no answer. Ask for less at a time, use less \`effort\`, or pick another model. The operator can raise its \`answerTokens\` in models.json.`;
  }
  if (finish === 'length') {
    return `The model used all ${inDigits(maxOutputTokens)} tokens but wrote nothing that can be shown. Try again, or pick another model.`;
  }
  if (finish === 'tool_calls' || tools.length > 0) {
    return `The model called ${tools.length > 0 ? toolNames(tools) : 'a tool'}, which it does not have here, and wrote no answer. Try again, or pick another model.`;
  }
  if (done.skippedImages > 0) return skippedImagesNote(done.skippedImages);
  if (skippedLines > 0) return 'The answer could not be read. Try again, or pick another model.';
  return 'The model sent an empty answer. Try again, or pick another model.';
}

function skippedImagesNote(count: number): string {
  return count === 1
    ? 'An image of this answer cannot be shown: it is too large, one too many, or of an unknown type.'
    : `${count} images of this answer cannot be shown: they are too large, too many, or of an unknown type.`;
}

function toolNames(names: readonly string[]): string {
  const [first, ...more] = names.map((name) => `\`${name}\``);
  return more.length === 0 ? `the tool ${first}` : `the tools ${[first, ...more].join(', ')}`;
}

function inDigits(count: number): string {
  return count.toLocaleString('en-US');
}

export const INTERRUPTED = 'Interrupted: the bot was restarted. Press Retry to ask again.';

/** How an answer ended that was stopped. */
export function endOfStop(cause: StopCause): Pick<AnswerEnd, 'status' | 'note'> {
  const isByPerson = cause.kind === 'person';
  const note = isByPerson ? `Stopped by ${plainName(cause.name) || 'somebody'}.` : STOP_NOTES[cause.kind];
  return { status: isInterruption(cause) ? 'interrupted' : 'stopped', note };
}

/** Whether the answer stopped without anybody asking for it. */
export function isInterruption({ kind }: StopCause): boolean {
  return kind === 'shutdown' || kind === 'taken_over';
}

const STOP_NOTES: Readonly<Record<Exclude<StopCause['kind'], 'person'>, string>> = {
  question_deleted: 'Stopped: the question was deleted.',
  question_edited: 'Stopped: the question was edited.',
  forgotten: 'Stopped: the conversation was deleted.',
  // Only seen if the platform accepts writes again.
  place_gone: 'Stopped: I can no longer write here. Press Retry to ask again.',
  place_closes:
    'Stopped: a private answer can only be updated for a limited time. Ask for the rest in a new question.',
  shutdown: 'Interrupted: the bot was stopped. Press Retry to ask again.',
  taken_over: INTERRUPTED,
};
