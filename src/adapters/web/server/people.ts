import { withoutCode } from '../../../core/kit/text/code-spans.ts';
import type { Actor, GuildId } from '../../../core/ports/actor.ts';
import type { Address } from '../../../core/ports/address.ts';
import type { Place } from '../../../core/ports/events.ts';
import type { ChannelInfo, PersonInfo, Spot } from '../wire.ts';

const GUILD: GuildId = 'web:local';

/**
 * The roles in which the page can be viewed. `main.ts` makes `web:operator` an operator, and nobody else of the playground.
 */
export const PEOPLE: readonly PersonInfo[] = [
  { id: 'member', name: 'Mia', role: 'member' },
  { id: 'admin', name: 'Ada', role: 'admin' },
  { id: 'operator', name: 'Otto', role: 'operator' },
];

export const CHANNELS: readonly ChannelInfo[] = [
  { id: 'general', name: 'general', topic: 'Ask anything; everybody sees the answer', owner: null },
  { id: 'engineering', name: 'engineering', topic: 'Code, reviews and long answers', owner: null },
  { id: 'random', name: 'random', topic: 'Everything else', owner: null },
  ...PEOPLE.map(({ id }) => ({
    id: `dm-${id}`,
    name: 'Parley',
    topic: 'Only you and the bot',
    owner: id,
  })),
];

export function personOf(id: string): PersonInfo | undefined {
  return PEOPLE.find((person) => person.id === id);
}

export function channelOf(id: string): ChannelInfo | undefined {
  return CHANNELS.find((channel) => channel.id === id);
}

/** Whether the spot is one person's conversation with the bot. */
export function isDm({ channel }: Spot): boolean {
  return channelOf(channel)?.owner !== null;
}

export function actorOf(person: PersonInfo): Actor {
  return {
    guild: GUILD,
    user: person.id,
    name: person.name,
    managesGuild: async () => person.role !== 'member',
    groups: async () => [],
  };
}

/** A thread has the key of its first message, so that a thread under an answer continues its conversation. */
export function placeOf(spot: Spot): Place {
  const { channel, thread } = spot;
  const known = channelOf(channel);
  const named = known === undefined || isDm(spot) ? {} : { channelName: known.name };
  return { guild: GUILD, channel, ...named, key: thread ?? (isDm(spot) ? channel : null) };
}

const MENTION = /(^|[^\w@])@parley\b/i;
const LEADING_MENTION = /^\s*@parley\b[\s,:]*/i;

const OTHER_OPENS = new RegExp(
  `^\\s*@(?:here|channel|everyone|${PEOPLE.map(({ name }) => name).join('|')})\\b`,
  'i',
);

/** The text without a leading mention of the bot. */
export function withoutMention(text: string): string {
  return text.replace(LEADING_MENTION, '').trim();
}

/** Whom a text addresses. */
export function addressOf(text: string, isDirect: boolean): Address {
  return {
    isDirect,
    mentionsBot: MENTION.test(withoutCode(text)),
    opensWithOther: OTHER_OPENS.test(text),
    repliesTo: null,
  };
}
