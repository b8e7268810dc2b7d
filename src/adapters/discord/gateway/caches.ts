import { type CacheFactory, LimitedCollection, Options } from 'discord.js';

const isBot = ({
  id,
  client,
}: {
  readonly id: string;
  readonly client: { readonly user: { readonly id: string } };
}) => id === client.user.id;

/** What permissions and names need, by the manager that holds it. Threads that are archived for 4 hours go by discord.js' own sweep. */
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
  // Says whether the bot is in a private thread.
  ThreadMemberManager: { maxSize: 0, keepOverLimit: isBot },
};

const withLimits = Options.cacheWithLimits(KEPT);

/** discord.js keeps nothing else: no messages (history is in the store), emojis, stickers, sounds, voices, invites, bans. */
export const makeCache: CacheFactory = (type, holds, manager) =>
  manager.name in KEPT ? withLimits(type, holds, manager) : new LimitedCollection({ maxSize: 0 });
