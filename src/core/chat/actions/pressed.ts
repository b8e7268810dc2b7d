import type { AnswerRecord } from '../../conversations/answer-records.ts';
import type { ChatRecords } from '../../conversations/chat-records.ts';
import type { Turn } from '../../conversations/conversation.ts';
import { plainName } from '../../kit/text/text.ts';
import { mayActAs, type Roles } from '../../ports/actor.ts';
import { BUTTONS } from '../../ports/buttons.ts';
import type { Press } from '../../ports/events.ts';
import type { Tell } from '../words/messenger.ts';

export const EXPIRED = 'This button has expired. Ask again with `/ask`.';

/** A press, and the person behind it. */
export type PressedBy = Pick<Press, 'button' | 'answerId' | 'actor'>;

export type Pressed = ReturnType<typeof createPressed>;

/** The answers behind buttons. */
export function createPressed(
  { answers, conversations }: Pick<ChatRecords, 'answers' | 'conversations'>,
  roles: Roles,
  tell: Tell,
) {
  /** The record behind a button, if the person may use it; else what to tell them. */
  async function look({ button, answerId, actor }: PressedBy): Promise<AnswerRecord | string> {
    const { who, deed } = BUTTONS[button];
    const record = await answers.get(answerId);
    if (record === null || record.guild !== actor.guild) return EXPIRED;
    if (record.user === actor.user) return record;
    // Nobody else can see a private answer, so this button cannot be theirs.
    if (who === 'reader') return record.isPrivate ? EXPIRED : record;
    if (mayActAs(await roles(actor), 'admin')) return record;
    return `Only ${plainName(record.author) || 'the person who asked'} or an admin can ${deed} this answer.`;
  }

  /** As `look`, but tells the person; then null. */
  async function recordFor(press: Press): Promise<AnswerRecord | null> {
    const found = await look(press);
    if (typeof found !== 'string') return found;
    await tell(press.surface, found);
    return null;
  }

  /** The turn of an answer; undefined if it is not stored. */
  async function turnOf(record: Pick<AnswerRecord, 'conversation' | 'turn'>): Promise<Turn | undefined> {
    const conversation = await conversations.get(record.conversation);
    return conversation?.turns.find(({ id }) => id === record.turn);
  }

  return { look, recordFor, turnOf };
}
