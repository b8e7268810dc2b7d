import { z } from 'zod';
import { createLookUps, type LookUpMeans, type LookUps } from '../api/look-ups.ts';
import type { Json } from '../api/web-api.ts';

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
export type Restriction = z.infer<typeof restriction>;
/** Channels by id. */
export type Channels = LookUps<Channel>;

const pageSchema = z.object({ channels: z.array(z.unknown()) });
const listedSchema = channelSchema.extend({ id: z.string() });

const TTL_MS = 5 * 60_000;
/** The most that Slack lists in one call: docs.slack.dev/reference/methods/users.conversations. */
const PAGE = 999;

/** Channels by id, each cached for five minutes. */
export function createChannels(means: LookUpMeans): Channels {
  return createLookUps<Channel>(means, {
    ttlMs: TTL_MS,
    one: {
      method: 'conversations.info',
      args: (channel) => ({ channel }),
      read: (data) => channelSchema.parse(data['channel']),
    },
    many: {
      method: 'users.conversations',
      args: { types: 'public_channel,private_channel,mpim,im', exclude_archived: true, limit: PAGE },
      read: membershipsIn,
    },
  });
}

/** Slack lists only the bot's channels, and leaves out `is_member`. */
function membershipsIn(page: Json): (readonly [string, Channel])[] {
  return pageSchema.parse(page).channels.flatMap((raw) => {
    const listed = listedSchema.safeParse(raw).data;
    return listed === undefined ? [] : [[listed.id, { ...listed, is_member: true }] as const];
  });
}
