/** Whom a message speaks to, as facts of its platform. What stands in code mentions nobody (`kit/code-spans.ts`). */
export interface Address {
  /** It stands in direct messages with the bot. */
  readonly isDirect: boolean;
  /** It mentions the bot, by name or by a role or group that is the bot's own, wherever that stands. */
  readonly mentionsBot: boolean;
  /** It begins with a mention of somebody other than the bot: a user, a role or group, or everybody. */
  readonly opensWithOther: boolean;
  /** Whose message it replies to; null if to none, or to one of its own author's. */
  readonly repliesTo: 'bot' | 'other' | null;
}

/** A message in direct messages. */
export const DIRECT: Address = {
  isDirect: true,
  mentionsBot: false,
  opensWithOther: false,
  repliesTo: null,
};

/**
 * For whom a message is: `bot`, wherever it stands; `others`, whatever place it stands in; `place`, where the place decides:
 * it is for the bot where the bot listens. A mention of the bot counts most, then how the message begins, then what it
 * replies to.
 */
export function addresseeOf(address: Address): 'bot' | 'others' | 'place' {
  if (address.isDirect || address.mentionsBot) return 'bot';
  if (address.opensWithOther) return 'others';
  if (address.repliesTo === null) return 'place';
  return address.repliesTo === 'bot' ? 'bot' : 'others';
}
