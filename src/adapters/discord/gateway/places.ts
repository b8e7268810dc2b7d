import { type BaseInteraction, InteractionContextType, type Message, PermissionFlagsBits } from 'discord.js';
import type { Actor, GuildId } from '../../../core/ports/actor.ts';
import type { Place } from '../../../core/ports/events.ts';

/** Names an event; the id of a message or interaction is unique in all of Discord. */
export function eventId(id: string): string {
  return `discord:${id}`;
}

/** Direct messages, and the app where its user alone brought it: a guild of one, which that user manages. */
export function guildOfOne(userId: string): GuildId {
  return `discord:dm:${userId}`;
}

/** Whether the app was brought to this place by the user who acts, and not by the guild. */
export function isUserInstall({ authorizingIntegrationOwners }: BaseInteraction): boolean {
  return authorizingIntegrationOwners.guildId === null;
}

function isGuildsOwn(interaction: BaseInteraction): boolean {
  return interaction.guildId !== null && !isUserInstall(interaction);
}

/** Who acted, by what Discord says with the event. */
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

/** Ids of a member's roles; null where Discord did not send the member along. */
function rolesOf(member: BaseInteraction['member'] | Message['member']): readonly string[] | null {
  if (member === null) return null;
  return Array.isArray(member.roles) ? member.roles : [...member.roles.cache.keys()];
}

/** Where an interaction happened. Without its guild's leave nothing of the place is used, its threads neither. */
export function interactionPlace(interaction: BaseInteraction, answerKey: string | null): Place {
  const { user, channel, channelId } = interaction;
  const here = channelId ?? user.id;
  if (interaction.guildId === null) {
    const key = isBotDm(interaction) ? here : answerKey;
    return { guild: guildOfOne(user.id), channel: here, key };
  }
  if (!isGuildsOwn(interaction)) return { guild: guildOfOne(user.id), channel: here, key: answerKey };
  const guild: GuildId = `discord:${interaction.guildId}`;
  const named = channelNameOf(channel);
  if (channel?.isThread()) return { guild, channel: channel.parentId ?? here, ...named, key: here };
  return { guild, channel: here, ...named, key: answerKey };
}

/** What people call the channel whose settings apply; for a thread, its parent. Nothing for direct messages. */
export function channelNameOf(
  channel: BaseInteraction['channel'] | Message['channel'],
): Pick<Place, 'channelName'> | undefined {
  if (channel === null || channel.isDMBased()) return;
  const { name } = channel.isThread() ? (channel.parent ?? channel) : channel;
  return name ? { channelName: name } : undefined;
}

/** The user's direct messages with the bot, as opposed to those with others. */
export function isBotDm({ context }: BaseInteraction): boolean {
  return context === InteractionContextType.BotDM;
}

/** Who wrote a message. */
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
