import type { Clock } from '../../../core/kit/clock.ts';
import { isRefusal } from '../api/errors.ts';
import type { Channel, Channels } from './channels.ts';

/** The places where the bot may write. */
export interface Membership {
  /** `direct`: the DM with the bot. `absent`: the bot is not a member, or may not see the channel. */
  of(channel: string): Promise<'member' | 'direct' | 'absent'>;
}

/** A removal shows at the next write anyway. An invitation must count at once, so absence is not relied on. */
const TTL_MS = 60_000;

/** Relies on a known membership for a minute, and on absence not at all. */
export function createMembership(channels: Channels, clock: Clock): Membership {
  return {
    async of(channel) {
      const nowMs = clock.now();
      const serves = (known: Channel, askedAtMs: number) =>
        askedAtMs >= (statusOf(known) === 'absent' ? nowMs : nowMs - TTL_MS);
      try {
        return statusOf(await channels.get(channel, serves));
      } catch (error) {
        if (isRefusal(error, 'channel_not_found', 'not_in_channel')) return 'absent';
        throw error;
      }
    },
  };
}

function statusOf({ is_im, is_member }: Channel): 'member' | 'direct' | 'absent' {
  if (is_im) return 'direct';
  return is_member ? 'member' : 'absent';
}
