import type { Logger } from 'pino';
import type { Chat } from '../chat/chat.ts';
import type { Settings } from '../conversations/settings.ts';
import type { Clock } from '../kit/clock.ts';
import { type ChannelRules, NO_RULES, type Place } from '../ports/events.ts';

/** Whether messages that mention nobody are for the bot. */
export interface Hearing {
  /**
   * @param writtenAtMs of a message that comes late: whether it counted then; now by default
   * @throws if the store does not say
   */
  isHeard(place: Place, writtenAtMs?: number): Promise<boolean>;
  /** As `isHeard`, false if the store does not say. Never rejects. */
  hears(place: Place): Promise<boolean>;
  /** How the bot answers in a channel; may be as old as `RULES_MS`. Never rejects. */
  channelRules(place: Pick<Place, 'guild' | 'channel'>): Promise<ChannelRules>;
}

/** Each message of each channel asks for its rules: for so long they are not read again, … */
const RULES_MS = 30_000;
/** … of so many channels. */
const MAX_RULES = 5_000;

export function createHearing(options: {
  readonly chat: Pick<Chat, 'hears'>;
  readonly settings: Pick<Settings, 'channel'>;
  readonly clock: Clock;
  readonly log: Logger;
}): Hearing {
  const { chat, settings, clock, log } = options;
  const rules = new Map<string, { readonly rules: Promise<ChannelRules>; readonly untilMs: number }>();

  const channelRules: Hearing['channelRules'] = async ({ guild, channel }) => {
    const key = `${guild} ${channel}`;
    const nowMs = clock.now();
    const known = rules.get(key);
    if (known !== undefined && known.untilMs > nowMs) return known.rules;
    const read = settings.channel({ guild, channel }).catch((error: unknown) => {
      log.warn({ err: error, channel }, 'what was chosen for a channel could not be read');
      return known?.rules ?? NO_RULES;
    });
    rules.delete(key);
    rules.set(key, { rules: read, untilMs: nowMs + RULES_MS });
    if (rules.size > MAX_RULES) rules.delete(rules.keys().next().value ?? '');
    return read;
  };

  const isHeard: Hearing['isHeard'] = async (place, writtenAtMs) =>
    (await chat.hears(place, writtenAtMs)) || (await channelRules(place)).hearsAll;

  return {
    isHeard,
    channelRules,
    hears: (place) =>
      isHeard(place).catch((error: unknown) => {
        // Whether a message was meant for the bot is not known: a word about it in every thread would be noise.
        log.error({ err: error, place: place.key }, 'a conversation could not be looked up');
        return false;
      }),
  };
}
