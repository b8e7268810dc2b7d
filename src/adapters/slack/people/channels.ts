import { z } from 'zod';
import { isRefusal } from '../api/errors.ts';
import { createLookUps, type LookUpMeans } from '../api/look-ups.ts';

const restriction = z
  .object({ type: z.array(z.string()).default([]), user: z.array(z.string()).default([]) })
  .optional()
  .catch(undefined);

const channelSchema = z.object({
  name: z.string().optional(),
  is_im: z.boolean().optional(),
  is_mpim: z.boolean().optional(),
  is_private: z.boolean().optional(),
  is_member: z.boolean().optional(),
  is_archived: z.boolean().optional(),
  // The following are in Slack's SDK types; they may be missing in some workspaces, so none is required.
  is_read_only: z.boolean().optional(),
  is_thread_only: z.boolean().optional(),
  is_non_threadable: z.boolean().optional(),
  properties: z
    .object({ posting_restricted_to: restriction, threads_restricted_to: restriction })
    .optional()
    .catch(undefined),
});
export type Channel = z.infer<typeof channelSchema>;

/** `direct`: the DM with the bot. `absent`: the bot is not a member, or may not see the channel. */
type Presence = 'member' | 'direct' | 'absent';

/** Channels by id, each cached for five minutes. */
export type Channels = ReturnType<typeof createChannels>;

/** A removal shows at the next write anyway. An invitation must count at once, so absence is not relied on. */
const MEMBERSHIP_TTL_MS = 60_000;
/** The people named by a restriction. They do not include the bot unless it is listed. */
const RESTRICTED = new Set(['admin', 'ra', 'org_admin', 'owner', 'user', 'subteam']);

export function createChannels(means: LookUpMeans) {
  const { workspace, clock } = means;
  const get = createLookUps(means, {
    schema: channelSchema,
    one: { method: 'conversations.info', name: 'channel' },
    many: {
      method: 'users.conversations',
      // The most that Slack lists in one call: docs.slack.dev/reference/methods/users.conversations.
      args: { types: 'public_channel,private_channel,mpim,im', exclude_archived: true, limit: 999 },
      field: 'channels',
      // Slack lists only the bot's channels, and leaves out `is_member`.
      read: (channel) => ({ ...channel, is_member: true }),
    },
  });

  return {
    get,
    /** Whether the bot is there. Relies on a known membership for a minute, and on absence not at all. */
    async presenceIn(channel: string): Promise<Presence> {
      const nowMs = clock.now();
      const serves = (known: Channel, askedAtMs: number) =>
        askedAtMs >= (presenceOf(known) === 'absent' ? nowMs : nowMs - MEMBERSHIP_TTL_MS);
      try {
        return presenceOf(await get(channel, serves));
      } catch (error) {
        if (isRefusal(error, 'channel_not_found', 'not_in_channel')) return 'absent';
        throw error;
      }
    },
    /** Slack's reason to let the bot not post, as far as the channel's properties say; null if nothing forbids it. */
    async refusalOf(channel: string, where: 'top' | 'thread'): Promise<string | null> {
      const info = await get(channel);
      const { posting_restricted_to: posting, threads_restricted_to: threads } = info.properties ?? {};
      if (info.is_archived) return 'is_archived';
      if (info.is_read_only) return 'restricted_action_read_only_channel';
      if (where === 'top' && info.is_thread_only) return 'restricted_action_thread_only_channel';
      if (info.is_non_threadable) return 'restricted_action_non_threadable_channel';
      const { type = [], user = [] } = (where === 'thread' ? threads : posting) ?? {};
      const isForBot = user.includes(workspace.botUser) || !type.some((kind) => RESTRICTED.has(kind));
      return isForBot ? null : 'restricted_action';
    },
  };
}

function presenceOf({ is_im, is_member }: Channel): Presence {
  if (is_im) return 'direct';
  return is_member ? 'member' : 'absent';
}
