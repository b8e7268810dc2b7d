/** The people a message speaks to, as facts of its platform. Mentions inside code do not count (`kit/text/code-spans.ts`). */
export interface Address {
  /** Whether it is a direct message to the bot. */
  readonly isDirect: boolean;
  /** Whether it mentions the bot anywhere, by name or by a role or group of the bot's own. */
  readonly mentionsBot: boolean;
  /** Whether it begins with a mention of somebody else: a user, a role or group, or everybody. */
  readonly opensWithOther: boolean;
  /** The author of the message that it replies to; null for no reply, and for a reply to oneself. */
  readonly repliesTo: 'bot' | 'other' | null;
}

/**
 * Decides whom a message is for. `bot`: for the bot, in any place. `others`: not for the bot, in any place. `place`: for the
 * bot if it listens there. A mention of the bot counts most, then the message's beginning, then the message that it replies
 * to.
 */
export function addresseeOf(address: Address): 'bot' | 'others' | 'place' {
  if (address.isDirect || address.mentionsBot) return 'bot';
  if (address.opensWithOther) return 'others';
  if (address.repliesTo === null) return 'place';
  return address.repliesTo === 'bot' ? 'bot' : 'others';
}
