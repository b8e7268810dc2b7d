import type { Logger } from 'pino';
import type { Chat } from '../chat/chat.ts';
import type { Settings } from '../conversations/settings.ts';
import { BoundedMap } from '../kit/bounded-map.ts';
import { orLog } from '../kit/or-log.ts';
import type { Clock } from '../kit/time/clock.ts';
import { type ChannelRules, NO_RULES, type Place } from '../ports/events.ts';

/** As in `Services`. */
export interface HearingServices {
  readonly chat: Pick<Chat, 'hears'>;
  readonly settings: Pick<Settings, 'channel'>;
  readonly clock: Clock;
}

/** Every message needs its channel's rules, so they are reused for this long, … */
const RULES_MS = 30_000;
/** … for this many channels. */
const MAX_RULES = 5_000;

export type Hearing = ReturnType<typeof createHearing>;

/** Whether messages without a mention are for the bot. */
export function createHearing({ chat, settings, clock }: HearingServices, log: Logger) {
  const rules = new BoundedMap<string, { readonly rules: Promise<ChannelRules>; readonly untilMs: number }>(
    MAX_RULES,
  );

  /** The channel's rules; may be as old as `RULES_MS`. Never rejects. */
  async function channelRules({ guild, channel }: Pick<Place, 'guild' | 'channel'>): Promise<ChannelRules> {
    const key = `${guild} ${channel}`;
    const nowMs = clock.now();
    const known = rules.get(key);
    if (known !== undefined && known.untilMs > nowMs) return known.rules;
    const words = 'could not read the settings of a channel';
    const before = known?.rules ?? NO_RULES;
    const read = settings.channel({ guild, channel }).catch(orLog(log, 'warn', { channel }, words, before));
    rules.set(key, { rules: read, untilMs: nowMs + RULES_MS });
    return read;
  }

  /**
   * @param writtenAtMs the time of a late message, to decide by the state then. Default: now
   * @throws StoreError if the store does not answer
   */
  async function isHeard(place: Place, writtenAtMs?: number): Promise<boolean> {
    return (await chat.hears(place, writtenAtMs)) || (await channelRules(place)).hearsAll;
  }

  return {
    isHeard,
    channelRules,
    /** As `isHeard`, but false if the store does not answer. Never rejects. */
    hears: (place: Place) =>
      // If it is unknown whether the message was for the bot, an error message in every thread would be noise.
      isHeard(place).catch(
        orLog(log, 'error', { place: place.key }, 'could not look up a conversation', false),
      ),
  };
}
