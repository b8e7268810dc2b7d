import { FLAGS } from './limits.ts';
import { mentionsIn } from './mentions.ts';
import { channelPermissions } from './permissions.ts';
import { snowflakeTimeMs } from './snowflakes.ts';
import {
  type Attachment,
  type Channel,
  type Entitlement,
  type Guild,
  type Member,
  type Message,
  messagesIn,
  type RegisteredCommand,
  type Role,
  shown,
  type User,
  type World,
} from './world.ts';

/** API objects as Discord sends them; fields that nobody here reads are left out where discord.js allows it. */
type Json = Record<string, unknown>;

const NO_COLOR = { primary_color: 0, secondary_color: null, tertiary_color: null };

export function userJson(user: User): Json {
  return {
    id: user.id,
    username: user.username,
    global_name: user.globalName,
    discriminator: user.bot ? '0001' : '0',
    avatar: null,
    bot: user.bot,
    public_flags: 0,
  };
}

export function memberJson(world: World, member: Member): Json {
  return {
    user: userJson(userOf(world, member.userId)),
    nick: member.nick,
    roles: member.roleIds,
    joined_at: new Date(snowflakeTimeMs(member.userId)).toISOString(),
    premium_since: null,
    deaf: false,
    mute: false,
    flags: 0,
  };
}

export function channelJson(world: World, channel: Channel): Json {
  const newest = messagesIn(world, channel.id).at(-1)?.id ?? null;
  const base = { id: channel.id, type: channel.type, flags: 0, last_message_id: newest };
  if (channel.guildId === null) {
    const others = channel.recipientIds.filter((id) => id !== world.application.bot.id);
    return { ...base, recipients: others.map((id) => userJson(userOf(world, id))) };
  }
  const inGuild = {
    ...base,
    guild_id: channel.guildId,
    parent_id: channel.parentId,
    name: channel.name,
    rate_limit_per_user: 0,
  };
  if (channel.thread === null) {
    return {
      ...inGuild,
      position: 0,
      nsfw: false,
      topic: null,
      available_tags: [],
      permission_overwrites: channel.overwrites.map((each) => ({
        id: each.id,
        type: each.type === 'role' ? 0 : 1,
        allow: each.allow.toString(),
        deny: each.deny.toString(),
      })),
    };
  }
  const createdAt = new Date(snowflakeTimeMs(channel.id)).toISOString();
  return {
    ...inGuild,
    owner_id: channel.thread.ownerId,
    message_count: 0,
    member_count: channel.thread.memberIds.size,
    total_message_sent: 0,
    thread_metadata: {
      archived: channel.thread.archived,
      locked: channel.thread.locked,
      auto_archive_duration: channel.thread.autoArchiveMinutes,
      archive_timestamp: createdAt,
      create_timestamp: createdAt,
      ...(channel.type === 12 ? { invitable: true } : {}),
    },
    ...(channel.thread.memberIds.has(world.application.bot.id)
      ? { member: { id: channel.id, user_id: world.application.bot.id, join_timestamp: createdAt, flags: 0 } }
      : {}),
  };
}

export function roleJson(role: Role, position: number): Json {
  return {
    id: role.id,
    name: role.name,
    permissions: role.permissions.toString(),
    color: 0,
    colors: NO_COLOR,
    hoist: false,
    position,
    managed: role.botId !== null,
    ...(role.botId === null ? {} : { tags: { bot_id: role.botId } }),
    mentionable: false,
    flags: 0,
  };
}

export function guildJson(world: World, guild: Guild): Json {
  const channels = [...world.channels.values()].filter((channel) => channel.guildId === guild.id);
  const visible = channels.filter(
    (channel) => channelPermissions(world, channel, world.application.bot.id) !== 0n,
  );
  const bot = guild.members.get(world.application.bot.id);
  return {
    id: guild.id,
    name: guild.name,
    icon: null,
    splash: null,
    discovery_splash: null,
    owner_id: guild.ownerId,
    afk_channel_id: null,
    afk_timeout: 300,
    verification_level: 0,
    default_message_notifications: 0,
    explicit_content_filter: 0,
    roles: [...guild.roles.values()].map(roleJson),
    emojis: [],
    features: [],
    mfa_level: 0,
    application_id: null,
    system_channel_id: guild.systemChannelId,
    system_channel_flags: 0,
    rules_channel_id: null,
    vanity_url_code: null,
    description: null,
    banner: null,
    premium_tier: 0,
    preferred_locale: 'en-US',
    public_updates_channel_id: null,
    nsfw_level: 0,
    stickers: [],
    premium_progress_bar_enabled: false,
    safety_alerts_channel_id: null,
    joined_at: new Date(snowflakeTimeMs(guild.id)).toISOString(),
    large: guild.members.size > 50,
    unavailable: false,
    member_count: guild.members.size,
    voice_states: [],
    presences: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
    // Without the members intent a guild comes with the bot's own member alone.
    members: bot ? [memberJson(world, bot)] : [],
    channels: visible.filter((channel) => !channel.thread).map((channel) => channelJson(world, channel)),
    threads: visible
      .filter((channel) => channel.thread && !channel.thread.archived)
      .map((channel) => channelJson(world, channel)),
  };
}

export function attachmentJson(world: World, channelId: string, attachment: Attachment): Json {
  const { id, filename, contentType, description, bytes } = attachment;
  const { origin, signature } = world.cdn;
  const path = `attachments/${channelId}/${id}/${filename}`;
  return {
    id,
    filename,
    content_type: contentType,
    description: description ?? undefined,
    size: bytes.length,
    url: `${origin}/${path}?ex=${signature}`,
    proxy_url: `https://media.discordapp.net/${path}?ex=${signature}`,
  };
}

/** @see https://discord.com/developers/docs/resources/message#message-snapshot-object */
function snapshotJson(world: World, message: Message, channelId: string): Json {
  const now = shown(message);
  return {
    type: message.type,
    content: now.content,
    embeds: now.embeds,
    attachments: message.attachments.map((each) => attachmentJson(world, channelId, each)),
    timestamp: new Date(snowflakeTimeMs(message.id)).toISOString(),
    edited_timestamp: null,
    flags: 0,
    mentions: [],
    mention_roles: [],
    components: [],
  };
}

export function messageJson(world: World, message: Message): Json {
  const now = shown(message);
  const repliesTo = message.repliesTo === null ? undefined : world.messages.get(message.repliesTo);
  const mentioned = new Set(mentionsIn(now.content).users);
  if (repliesTo && message.pings.includes(`user:${repliesTo.authorId}`)) mentioned.add(repliesTo.authorId);
  const thread = message.threadId === null ? undefined : world.channels.get(message.threadId);
  const edited = message.revisions.length > 1;
  return {
    id: message.id,
    channel_id: message.channelId,
    author: userJson(userOf(world, message.authorId)),
    content: now.content,
    timestamp: new Date(snowflakeTimeMs(message.id)).toISOString(),
    edited_timestamp: edited ? new Date(now.atMs).toISOString() : null,
    tts: false,
    mention_everyone: message.pings.some((ping) => ping === 'everyone' || ping === 'here'),
    mentions: [...mentioned].flatMap((id) => {
      const user = world.users.get(id);
      return user ? [userJson(user)] : [];
    }),
    mention_roles: mentionsIn(now.content).roles,
    attachments: message.attachments.map((each) => attachmentJson(world, message.channelId, each)),
    embeds: now.embeds,
    components: now.components,
    pinned: false,
    type: message.type,
    flags: message.flags,
    ...(message.nonce === null ? {} : { nonce: message.nonce }),
    ...(message.webhookId === null ? {} : { webhook_id: message.webhookId }),
    ...(message.interaction === null
      ? {}
      : {
          application_id: world.application.id,
          interaction_metadata: {
            id: message.interaction.id,
            type: 2,
            user: userJson(userOf(world, message.interaction.userId)),
            authorizing_integration_owners: {},
          },
        }),
    ...(message.forwards === null
      ? {}
      : {
          message_reference: {
            type: 1,
            message_id: message.forwards.id,
            channel_id: message.forwards.channelId,
          },
          message_snapshots: [{ message: snapshotJson(world, message.forwards, message.channelId) }],
        }),
    ...(message.repliesTo === null
      ? {}
      : {
          message_reference: { type: 0, message_id: message.repliesTo, channel_id: message.channelId },
          referenced_message: repliesTo ? messageJson(world, { ...repliesTo, repliesTo: null }) : null,
        }),
    ...(thread ? { thread: channelJson(world, thread) } : {}),
  };
}

/**
 * The message without what an app that lacks the message-content intent does not get to see, unless it is the
 * author, is mentioned, or the message is a direct one.
 */
export function withoutContent(world: World, message: Message, json: Json): Json {
  const botId = world.application.bot.id;
  const channel = world.channels.get(message.channelId);
  const mentioned = (json['mentions'] as Json[]).some((user) => user['id'] === botId);
  if (message.authorId === botId || mentioned || channel?.guildId === null) return json;
  const { message_snapshots, ...rest } = json;
  void message_snapshots;
  return { ...rest, content: '', embeds: [], attachments: [], components: [] };
}

export function commandJson(world: World, command: RegisteredCommand, guildId: string | null): Json {
  return {
    ...command.body,
    id: command.id,
    version: command.version,
    application_id: world.application.id,
    ...(guildId === null ? {} : { guild_id: guildId }),
  };
}

/** Whether the person or guild may use what was bought now. */
export function holds(world: World, entitlement: Entitlement): boolean {
  return !entitlement.deleted && !entitlement.consumed && !hasEnded(world, entitlement);
}

export function hasEnded({ clock }: World, { endsAtMs }: Entitlement): boolean {
  return endsAtMs !== null && clock.now() >= endsAtMs;
}

export function entitlementJson(world: World, entitlement: Entitlement): Json {
  return {
    id: entitlement.id,
    sku_id: entitlement.skuId,
    application_id: world.application.id,
    type: 8,
    deleted: entitlement.deleted,
    consumed: entitlement.consumed,
    starts_at: null,
    ends_at: entitlement.endsAtMs === null ? null : new Date(entitlement.endsAtMs).toISOString(),
    ...(entitlement.userId === null ? {} : { user_id: entitlement.userId }),
    ...(entitlement.guildId === null ? {} : { guild_id: entitlement.guildId }),
  };
}

/** `GATEWAY_MESSAGE_CONTENT_LIMITED`: how the portal's switch shows for an app in few guilds. */
export function applicationFlags(world: World): number {
  return world.application.privilegedIntents.messageContent ? 1 << 19 : 0;
}

export function isLoading(message: Message): boolean {
  return (message.flags & FLAGS.loading) !== 0;
}

export function userOf(world: World, id: string): User {
  const user = world.users.get(id);
  if (!user) throw new Error(`no user ${id}`);
  return user;
}
