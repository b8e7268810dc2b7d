import { ChannelType, type Guild, type GuildMember, type Role } from 'discord.js';
import { plainName } from '../../../core/kit/text/text.ts';

/** The name of a person (`@`), role (`@&`) or channel (`#`) by its id; empty if it is not known. */
export type NameOf = (kind: '@' | '@&' | '#', id: string) => string;

/**
 * The text with names for the ids of people, roles, channels and custom emoji; an id without a name stays.
 * https://docs.discord.com/developers/reference#message-formatting
 */
export function withNames(text: string, nameOf: NameOf): string {
  return text
    .replaceAll(/<(@|@&|#)!?(\d+)>/g, (spelling, kind: '@' | '@&' | '#', id: string) => {
      const name = nameOf(kind, id);
      return name === '' ? spelling : `${kind === '#' ? '#' : '@'}${name}`;
    })
    .replaceAll(/<a?(:\w{2,32}:)\d+>/g, '$1');
}

/** Names of a guild's roles and channels. A channel that the viewer cannot see has none. */
export function namesIn(guild: Guild | null, viewer: GuildMember | Role | null): NameOf {
  return (kind, id) => {
    if (kind === '@') return '';
    if (kind === '@&') return plainName(guild?.roles.cache.get(id)?.name ?? '');
    const channel = guild?.channels.cache.get(id);
    // In a private thread, permissions apply only to its members.
    if (channel === undefined || channel.type === ChannelType.PrivateThread || viewer === null) return '';
    return channel.permissionsFor(viewer)?.has('ViewChannel') ? plainName(channel.name) : '';
  };
}

/** For other people's text: names of a guild's roles, and of the channels that everybody there can see. */
export function publicNamesIn(guild: Guild | null): NameOf {
  return namesIn(guild, guild?.roles.everyone ?? null);
}
