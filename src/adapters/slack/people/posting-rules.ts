import { z } from 'zod';
import type { Clock } from '../../../core/kit/clock.ts';
import { createCache } from '../api/cache.ts';
import type { Workspace } from '../api/workspace.ts';

/** Whether a channel lets the bot post, as far as its properties say. */
export interface PostingRules {
  /** Slack's reason for a refusal; null if nothing forbids it. */
  refusalOf(channel: string, where: 'top' | 'thread', signal: AbortSignal): Promise<string | null>;
}

const TTL_MS = 5 * 60_000;

const restriction = z
  .object({ type: z.array(z.string()).default([]), user: z.array(z.string()).default([]) })
  .optional()
  .catch(undefined);
/** These properties are in Slack's SDK types; they may be missing in some workspaces, so none is required. */
const infoSchema = z.object({
  is_archived: z.boolean().optional(),
  is_read_only: z.boolean().optional(),
  is_thread_only: z.boolean().optional(),
  is_non_threadable: z.boolean().optional(),
  properties: z
    .object({ posting_restricted_to: restriction, threads_restricted_to: restriction })
    .optional()
    .catch(undefined),
});

export function createPostingRules(workspace: Workspace, clock: Clock): PostingRules {
  const known = createCache<z.infer<typeof infoSchema>>(clock, TTL_MS);

  return {
    async refusalOf(channel, where, signal) {
      const info = await known.get(channel, async () => {
        const data = await workspace.call('conversations.info', { channel }, signal);
        return infoSchema.parse(data['channel']);
      });
      const { posting_restricted_to: posting, threads_restricted_to: threads } = info.properties ?? {};
      if (info.is_archived) return 'is_archived';
      if (info.is_read_only) return 'restricted_action_read_only_channel';
      if (where === 'top' && info.is_thread_only) return 'restricted_action_thread_only_channel';
      if (info.is_non_threadable) return 'restricted_action_non_threadable_channel';
      const rule = where === 'thread' ? threads : posting;
      return rule === undefined || includesBot(rule) ? null : 'restricted_action';
    },
  };

  function includesBot({ type, user }: NonNullable<z.infer<typeof restriction>>): boolean {
    return user.includes(workspace.botUser) || !type.some((kind) => RESTRICTED.has(kind));
  }
}

/** The people named by a restriction. They do not include the bot unless it is listed. */
const RESTRICTED = new Set(['admin', 'ra', 'org_admin', 'owner', 'user', 'subteam']);
