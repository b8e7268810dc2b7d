import { z } from 'zod';
import type { Clock } from '../../../core/kit/clock.ts';
import { createCache } from '../api/cache.ts';
import { isRefusal } from '../api/errors.ts';
import type { Workspace } from '../api/workspace.ts';

/** The places where the bot may write. */
export interface Membership {
  /** `direct`: the DM with the bot. `absent`: the bot is not a member, or may not see the channel. */
  of(channel: string, signal: AbortSignal): Promise<'member' | 'direct' | 'absent'>;
}

/** A removal shows at the next write anyway. An invitation must count at once, so absence is not cached. */
const TTL_MS = 60_000;

const channelSchema = z.object({ is_im: z.boolean().optional(), is_member: z.boolean().optional() });

/** Caches membership for a minute, and absence not at all. */
export function createMembership(workspace: Workspace, clock: Clock): Membership {
  const known = createCache<'member' | 'direct' | 'absent'>(clock, TTL_MS);

  return {
    async of(channel, signal) {
      const status = await known.get(channel, async () => {
        try {
          const data = await workspace.call('conversations.info', { channel }, signal);
          const { is_im, is_member } = channelSchema.parse(data['channel']);
          if (is_im) return 'direct';
          return is_member ? 'member' : 'absent';
        } catch (error) {
          if (isRefusal(error, 'channel_not_found', 'not_in_channel')) return 'absent';
          throw error;
        }
      });
      if (status === 'absent') known.delete(channel);
      return status;
    },
  };
}
