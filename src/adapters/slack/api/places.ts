import type { GuildId } from '../../../core/ports/actor.ts';
import type { Place } from '../../../core/ports/events.ts';

export function guildOf(team: string): GuildId {
  return `slack:${team}`;
}

/** Names a user for core; `OPERATORS` lists them the same way. */
export function userOf(team: string, user: string): string {
  return `${team}/${user}`;
}

/** What the conversation in a thread, or below a message, hangs on. */
export function messageKey(team: string, channel: string, ts: string): string {
  return `slack:${team}/${channel}/${ts}`;
}

/** What the conversation of a DM without threads hangs on. */
export function channelKey(team: string, channel: string): string {
  return `slack:${team}/${channel}`;
}

/** Names the question in a message, however many events bring it. */
export function questionId(team: string, channel: string, ts: string): string {
  return `slack:${team}/${channel}/${ts}`;
}

export function placeAt(team: string, channel: string, key: string | null): Place {
  return { guild: guildOf(team), channel: channelKey(team, channel), key };
}
