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

/**
 * What a thread's conversation hangs on for messages that do not mention the bot, where a person's message began the
 * thread. Only a mention in that first message ties it to the conversation; so a mention further down invites the bot to
 * answer once, and not to listen.
 */
export function openThreadKey(team: string, channel: string, threadTs: string): string {
  return `${messageKey(team, channel, threadTs)}/open`;
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
