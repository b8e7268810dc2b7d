import type { GuildId } from '../../../core/ports/actor.ts';
import type { Place } from '../../../core/ports/events.ts';

export function guildOf(team: string): GuildId {
  return `slack:${team}`;
}

/** A user's id in core, as in `OPERATORS`. */
export function userOf(team: string, user: string): string {
  return `${team}/${user}`;
}

/** The key of a message, a thread, or the question in a message; with null, of the conversation in a DM without threads. */
export function messageKey(team: string, channel: string, ts: string | null): string {
  return ts === null ? channelKey(team, channel) : `${channelKey(team, channel)}/${ts}`;
}

export function channelKey(team: string, channel: string): string {
  return `slack:${team}/${channel}`;
}

export function placeAt(team: string, channel: string, key: string | null): Place {
  return { guild: guildOf(team), channel: channelKey(team, channel), key };
}
