import { type Address, addresseeOf } from '../../../core/ports/address.ts';
import { NO_RULES, type Place } from '../../../core/ports/events.ts';
import type { Surface } from '../../../core/ports/surface.ts';
import { placeUnder } from '../answers/answer-place.ts';
import { SlackSurface } from '../answers/slack-surface.ts';
import { messageKey, placeAt } from '../api/places.ts';
import type { SlackContext } from '../context.ts';
import type { MessageEvent } from '../payloads/payloads.ts';
import { addressOf } from '../text/inbound-text.ts';

/** A possible question, from its event alone. */
export interface Question {
  readonly event: MessageEvent;
  readonly id: string;
  readonly user: string;
  readonly isDirect: boolean;
  readonly address: Address;
  readonly isAddressed: boolean;
  /** Whether it is under a message of the bot. */
  readonly isTheBots: boolean;
  /** The thread that it is in or begins; null in a DM's main flow, and in channels where the bot opens no threads. */
  readonly rootTs: string | null;
}

/** Subtypes of people's messages; messages of the bot, other bots and Slack itself never start an answer. */
const PERSONAL_SUBTYPES = new Set([undefined, 'file_share', 'thread_broadcast', 'me_message']);

/** The question in a message; null if the message is certainly not for the bot. */
export async function questionIn(
  { workspace, dispatch }: SlackContext,
  event: MessageEvent,
): Promise<Question | null> {
  const { team, botUser } = workspace;
  const { channel, ts, user, text } = event;
  if (!PERSONAL_SUBTYPES.has(event.subtype) || user === undefined || event.bot_id || user === botUser)
    return null;
  const isDirect = event.channel_type === 'im';
  const address = addressOf(text, botUser, isDirect);
  const addressee = addresseeOf(address);
  if (addressee === 'others') return null;
  const rules = isDirect ? NO_RULES : await dispatch.channelRules(placeAt(team, channel, null));
  if (addressee === 'place' && event.thread_ts === undefined && !rules.hearsAll) return null;
  const isFlat = isDirect || rules.inThread === false;
  return {
    event,
    id: messageKey(team, channel, ts),
    user,
    isDirect,
    address,
    isAddressed: addressee === 'bot',
    isTheBots: event.parent_user_id === botUser,
    rootTs: event.thread_ts ?? (isFlat ? null : ts),
  };
}

/** Questions with the same key are handled in order. */
export function orderKeyOf({ workspace }: SlackContext, { event, rootTs }: Question): string {
  return messageKey(workspace.team, event.channel, rootTs);
}

/** The place of the answer in this thread, in a DM's main flow, or below the question. */
export function placeOf(
  { workspace: { team } }: SlackContext,
  { event: { channel }, isDirect }: Question,
  threadTs: string | null,
): Place {
  const hasKey = threadTs !== null || isDirect;
  return placeAt(team, channel, hasKey ? messageKey(team, channel, threadTs) : null);
}

export function surfaceOf(slack: SlackContext, question: Question, threadTs: string | null): Surface {
  const { event, user, isDirect } = question;
  const { channel, ts } = event;
  return new SlackSurface(slack, placeUnder({ channel, user, isDirect }, ts, threadTs));
}
