import type { Logger } from 'pino';
import type { Chat } from '../chat/chat.ts';
import type { Settings } from '../conversations/settings.ts';
import type { Clock } from '../kit/clock.ts';
import { type ChannelRules, NO_RULES, type Place } from '../ports/events.ts';

/** Whether messages without a mention are for the bot. */
export interface Hearing {
  /**
   * @param writtenAtMs the time of a late message, to decide by the state then. Default: now
   * @throws StoreError if the store does not answer
   */
  isHeard(place: Place, writtenAtMs?: number): Promise<boolean>;
  /** As `isHeard`, but false if the store does not answer. Never rejects. */
  hears(place: Place): Promise<boolean>;
  /** The channel's rules; may be as old as `RULES_MS`. Never rejects. */
  channelRules(place: Pick<Place, 'guild' | 'channel'>): Promise<ChannelRules>;
}

/** Every message needs its channel's rules, so they are reused for this long, … */
const RULES_MS = 30_000;
/** … for this many channels. */
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
      log.warn({ err: error, channel }, 'could not read the settings of a channel');
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
        // It is unknown whether the message was for the bot; an error message in every thread would be noise.
        log.error({ err: error, place: place.key }, 'could not look up a conversation');
        return false;
      }),
  };
}
