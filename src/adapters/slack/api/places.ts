import type { GuildId } from '../../../core/ports/actor.ts';
import type { Place } from '../../../core/ports/events.ts';

export function guildOf(team: string): GuildId {
  return `slack:${team}`;
}

/** A user's id in core, as in `OPERATORS`. */
export function userOf(team: string, user: string): string {
  return `${team}/${user}`;
}

/** The conversation key of a thread, or of a message. */
export function messageKey(team: string, channel: string, ts: string): string {
  return `slack:${team}/${channel}/${ts}`;
}

/** The conversation key of a DM without threads. */
export function channelKey(team: string, channel: string): string {
  return `slack:${team}/${channel}`;
}

/** The id of the question in a message, for every event that brings it. */
export function questionId(team: string, channel: string, ts: string): string {
  return `slack:${team}/${channel}/${ts}`;
}

export function placeAt(team: string, channel: string, key: string | null): Place {
  return { guild: guildOf(team), channel: channelKey(team, channel), key };
}
