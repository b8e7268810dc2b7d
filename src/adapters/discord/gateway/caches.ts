import {
  type CacheFactory,
  type GuildMember,
  LimitedCollection,
  Options,
  type ThreadMember,
  type User,
} from 'discord.js';

const isBot = ({ id, client }: User | GuildMember | ThreadMember) => id === client.user.id;

/** Needed for permissions and names, by manager. discord.js itself drops threads that were archived 4 hours ago. */
const KEPT = {
  GuildManager: Number.POSITIVE_INFINITY,
  ChannelManager: Number.POSITIVE_INFINITY,
  GuildChannelManager: Number.POSITIVE_INFINITY,
  GuildTextThreadManager: Number.POSITIVE_INFINITY,
  GuildForumThreadManager: Number.POSITIVE_INFINITY,
  RoleManager: Number.POSITIVE_INFINITY,
  PermissionOverwriteManager: Number.POSITIVE_INFINITY,
  UserManager: { maxSize: 1_000, keepOverLimit: isBot },
  GuildMemberManager: { maxSize: 200, keepOverLimit: isBot },
  // Shows whether the bot is in a private thread.
  ThreadMemberManager: { maxSize: 0, keepOverLimit: isBot },
};

const withLimits = Options.cacheWithLimits(KEPT);

/** Nothing else is cached: no messages (history is in the store), emojis, stickers, sounds, voices, invites or bans. */
export const makeCache: CacheFactory = (type, holds, manager) =>
  manager.name in KEPT ? withLimits(type, holds, manager) : new LimitedCollection({ maxSize: 0 });
