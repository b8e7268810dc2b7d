import { type GuildId, type Platform, platformOf } from '../ports/actor.ts';

const PLATFORM_NAMES = { discord: 'Discord', slack: 'Slack', web: 'a team chat' } as const satisfies Record<
  Platform,
  string
>;

/**
 * What every conversation begins with. Names the day and not the time, so that a prompt cache stays warm for a day.
 *
 * @param day such as 2026-11-25
 */
export function systemPrompt(guild: GuildId, day: string): string {
  return [
    `You are Parley, an assistant that people talk to in ${PLATFORM_NAMES[platformOf(guild)]}.`,
    `Today is ${day}.`,
    'Answer in the language of the question, in Markdown. Be as short as the question allows.',
    'Where several people take part, their messages begin with their names; do not begin yours with one.',
  ].join(' ');
}
