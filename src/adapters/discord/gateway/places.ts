import { type BaseInteraction, InteractionContextType, type Message, PermissionFlagsBits } from 'discord.js';
import type { Actor, GuildId } from '../../../core/ports/actor.ts';
import type { Place } from '../../../core/ports/events.ts';

/** The event id for a message or interaction id, which is unique in all of Discord. */
export function eventId(id: string): string {
  return `discord:${id}`;
}

/** Sorts ids, which grow with time. */
export function olderFirst(one: string, other: string): number {
  return BigInt(one) < BigInt(other) ? -1 : 1;
}

/** Direct messages, and user-installed apps: a guild of one, which that user manages. */
export function guildOfOne(userId: string): GuildId {
  return `discord:dm:${userId}`;
}

/** Whether the user who acts installed the app, and not the guild. */
export function isUserInstall({ authorizingIntegrationOwners }: BaseInteraction): boolean {
  return authorizingIntegrationOwners.guildId === null;
}

function isGuildsOwn(interaction: BaseInteraction): boolean {
  return interaction.guildId !== null && !isUserInstall(interaction);
}

/** The person who acted, from what Discord sends with the event. */
export function interactionActor(interaction: BaseInteraction): Actor {
  const { user, member, memberPermissions } = interaction;
  const inGuild = isGuildsOwn(interaction);
  const nick = member && 'nickname' in member ? member.nickname : member?.nick;
  return {
    guild: inGuild ? `discord:${interaction.guildId}` : guildOfOne(user.id),
    user: user.id,
    name: nick ?? user.displayName,
    managesGuild: async () => !inGuild || (memberPermissions?.has(PermissionFlagsBits.ManageGuild) ?? false),
    groups: async () => (inGuild ? rolesOf(member) : []),
  };
}

/** Ids of a member's roles; null if Discord did not send the member. */
function rolesOf(member: BaseInteraction['member'] | Message['member']): readonly string[] | null {
  if (member === null) return null;
  return Array.isArray(member.roles) ? member.roles : [...member.roles.cache.keys()];
}

/** The place of an interaction. Unless the guild installed the app, nothing of its channel or threads is used. */
export function interactionPlace(interaction: BaseInteraction, answerKey: string | null): Place {
  const { user, guildId, channel, channelId } = interaction;
  const here = channelId ?? user.id;
  if (guildId !== null && isGuildsOwn(interaction)) return guildPlace(guildId, channel, here, answerKey);
  return { guild: guildOfOne(user.id), channel: here, key: isBotDm(interaction) ? here : answerKey };
}

/**
 * A place in a guild.
 * @param key `Place.key` outside threads
 */
export function guildPlace(
  guildId: string,
  channel: BaseInteraction['channel'] | Message['channel'],
  channelId: string,
  key: string | null,
): Place {
  const guild: GuildId = `discord:${guildId}`;
  if (!channel || channel.isDMBased()) return { guild, channel: channelId, key };
  const isThread = channel.isThread();
  const { name } = isThread ? (channel.parent ?? channel) : channel;
  return {
    guild,
    channel: (isThread && channel.parentId) || channelId,
    ...(name && { channelName: name }),
    key: isThread ? channelId : key,
  };
}

/** Whether these are the user's direct messages with the bot, rather than with somebody else. */
export function isBotDm({ context }: BaseInteraction): boolean {
  return context === InteractionContextType.BotDM;
}

export function messageActor(message: Message): Actor {
  const { author, member, guildId } = message;
  return {
    guild: guildId === null ? guildOfOne(author.id) : `discord:${guildId}`,
    user: author.id,
    name: member?.displayName ?? author.displayName,
    managesGuild: async () =>
      guildId === null || (member?.permissions.has(PermissionFlagsBits.ManageGuild) ?? false),
    groups: async () => (guildId === null ? [] : rolesOf(member)),
  };
}
