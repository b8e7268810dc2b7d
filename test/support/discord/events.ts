import { GatewayIntentBits } from 'discord.js';
import { may } from './permissions.ts';
import { channelJson, entitlementJson, guildJson, messageJson, roleJson, withoutContent } from './wire.ts';
import type { Channel, Entitlement, Guild, Message, Role, World } from './world.ts';

/** Something that happened, before it is cut to what one session may see. */
export interface GatewayEvent {
  readonly t: string;
  /** Decides the shard; what belongs to no guild goes to shard 0. */
  readonly guildId: string | null;
  /** A session gets the event if it asked for all of these; 0 for events that need no intent. */
  readonly intents: number;
  data(intents: number): object;
}

export type Emit = (event: GatewayEvent) => void;

/** Says what happened to whoever may know: the bot gets nothing from channels that it cannot see. */
export interface Announcer {
  guildCreated(guild: Guild): void;
  guildDeleted(guild: Guild): void;
  roleCreated(guild: Guild, role: Role): void;
  channelCreated(channel: Channel): void;
  channelUpdated(channel: Channel): void;
  channelDeleted(channel: Channel): void;
  messageCreated(message: Message): void;
  messageUpdated(message: Message): void;
  messageDeleted(message: Message): void;
  entitlementCreated(entitlement: Entitlement): void;
  entitlementUpdated(entitlement: Entitlement): void;
  entitlementDeleted(entitlement: Entitlement): void;
  /** Interactions reach the bot wherever it is, whatever it may see. */
  interactionCreated(guildId: string | null, data: object): void;
}

export function createAnnouncer(world: World, emit: Emit): Announcer {
  const botSees = (channel: Channel) => {
    if (
      channel.guildId !== null &&
      !world.guilds.get(channel.guildId)?.members.has(world.application.bot.id)
    ) {
      return false;
    }
    if (channel.type === 12 && !channel.thread?.memberIds.has(world.application.bot.id)) return false;
    return may(world, channel, world.application.bot.id, 'ViewChannel');
  };

  function channelEvent(t: string, channel: Channel) {
    if (channel.guildId === null || !botSees(channel)) return;
    emit({
      t,
      guildId: channel.guildId,
      intents: GatewayIntentBits.Guilds,
      data: () => channelJson(world, channel),
    });
  }

  function messageEvent(t: string, message: Message, data: (intents: number) => object) {
    const channel = world.channels.get(message.channelId);
    if (!channel || message.ephemeralTo !== null || !botSees(channel)) return;
    const { guildId } = channel;
    emit({
      t,
      guildId,
      intents: guildId === null ? GatewayIntentBits.DirectMessages : GatewayIntentBits.GuildMessages,
      data: (intents) => ({
        ...data(intents),
        ...(guildId === null ? {} : { guild_id: guildId }),
        channel_type: channel.type,
      }),
    });
  }

  const whole = (message: Message) => (intents: number) => {
    const json = messageJson(world, message);
    const guild = world.guilds.get(world.channels.get(message.channelId)?.guildId ?? '');
    const member = guild?.members.get(message.authorId);
    const seen = intents & GatewayIntentBits.MessageContent ? json : withoutContent(world, message, json);
    return member ? { ...seen, member: { roles: member.roleIds, nick: member.nick } } : seen;
  };

  return {
    guildCreated: (guild) =>
      emit({
        t: 'GUILD_CREATE',
        guildId: guild.id,
        intents: GatewayIntentBits.Guilds,
        data: () => guildJson(world, guild),
      }),
    guildDeleted: (guild) =>
      emit({
        t: 'GUILD_DELETE',
        guildId: guild.id,
        intents: GatewayIntentBits.Guilds,
        data: () => ({ id: guild.id }),
      }),
    roleCreated: (guild, role) =>
      emit({
        t: 'GUILD_ROLE_CREATE',
        guildId: guild.id,
        intents: GatewayIntentBits.Guilds,
        data: () => ({ guild_id: guild.id, role: roleJson(role, guild.roles.size - 1) }),
      }),
    channelCreated: (channel) => channelEvent(channel.thread ? 'THREAD_CREATE' : 'CHANNEL_CREATE', channel),
    channelUpdated: (channel) => channelEvent(channel.thread ? 'THREAD_UPDATE' : 'CHANNEL_UPDATE', channel),
    channelDeleted: (channel) => channelEvent(channel.thread ? 'THREAD_DELETE' : 'CHANNEL_DELETE', channel),
    messageCreated: (message) => messageEvent('MESSAGE_CREATE', message, whole(message)),
    messageUpdated: (message) => messageEvent('MESSAGE_UPDATE', message, whole(message)),
    messageDeleted: (message) =>
      messageEvent('MESSAGE_DELETE', message, () => ({ id: message.id, channel_id: message.channelId })),
    entitlementCreated: (entitlement) =>
      emit({
        t: 'ENTITLEMENT_CREATE',
        guildId: null,
        intents: 0,
        data: () => entitlementJson(world, entitlement),
      }),
    entitlementUpdated: (entitlement) =>
      emit({
        t: 'ENTITLEMENT_UPDATE',
        guildId: null,
        intents: 0,
        data: () => entitlementJson(world, entitlement),
      }),
    entitlementDeleted: (entitlement) =>
      emit({
        t: 'ENTITLEMENT_DELETE',
        guildId: null,
        intents: 0,
        data: () => entitlementJson(world, entitlement),
      }),
    interactionCreated: (guildId, data) =>
      emit({ t: 'INTERACTION_CREATE', guildId, intents: 0, data: () => data }),
  };
}
