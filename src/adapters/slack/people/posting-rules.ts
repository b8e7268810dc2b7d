import type { Workspace } from '../api/workspace.ts';
import type { Channels, Restriction } from './channels.ts';

/** Whether a channel lets the bot post, as far as its properties say. */
export interface PostingRules {
  /** Slack's reason for a refusal; null if nothing forbids it. */
  refusalOf(channel: string, where: 'top' | 'thread'): Promise<string | null>;
}

/** The people named by a restriction. They do not include the bot unless it is listed. */
const RESTRICTED = new Set(['admin', 'ra', 'org_admin', 'owner', 'user', 'subteam']);

export function createPostingRules(
  { botUser }: Pick<Workspace, 'botUser'>,
  channels: Channels,
): PostingRules {
  function includesBot({ type, user }: NonNullable<Restriction>): boolean {
    return user.includes(botUser) || !type.some((kind) => RESTRICTED.has(kind));
  }

  return {
    async refusalOf(channel, where) {
      const info = await channels.get(channel);
      const { posting_restricted_to: posting, threads_restricted_to: threads } = info.properties ?? {};
      if (info.is_archived) return 'is_archived';
      if (info.is_read_only) return 'restricted_action_read_only_channel';
      if (where === 'top' && info.is_thread_only) return 'restricted_action_thread_only_channel';
      if (info.is_non_threadable) return 'restricted_action_non_threadable_channel';
      const rule = where === 'thread' ? threads : posting;
      return rule === undefined || includesBot(rule) ? null : 'restricted_action';
    },
  };
}
