import { withoutCode } from '../../../core/kit/code-spans.ts';
import type { Actor, GuildId } from '../../../core/ports/actor.ts';
import type { Address } from '../../../core/ports/address.ts';
import type { Place } from '../../../core/ports/events.ts';
import type { ChannelInfo, PersonInfo, Spot } from '../wire.ts';

const GUILD: GuildId = 'web:local';

/** Whom the page can be viewed as. `main.ts` lists `web:operator` among the operators, and nobody else of the playground. */
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

export function actorOf(person: PersonInfo): Actor {
  return {
    guild: GUILD,
    user: person.id,
    name: person.name,
    managesGuild: async () => person.role !== 'member',
    groups: async () => [],
  };
}

/** A thread's key is that of the message it hangs on, so that a thread under an answer goes on with its conversation. */
export function placeOf({ channel, thread }: Spot): Place {
  const known = channelOf(channel);
  const isDm = known?.owner !== null;
  const named = known === undefined || isDm ? {} : { channelName: known.name };
  return { guild: GUILD, channel, ...named, key: thread ?? (isDm ? channel : null) };
}

const MENTION = /(^|[^\w@])@parley\b/i;
const LEADING_MENTION = /^\s*@parley\b[\s,:]*/i;

const OTHER_OPENS = new RegExp(
  `^\\s*@(?:here|channel|everyone|${PEOPLE.map(({ name }) => name).join('|')})\\b`,
  'i',
);

/** What the text says without the mention of the bot that starts it. */
export function withoutMention(text: string): string {
  return text.replace(LEADING_MENTION, '').trim();
}

/** Whom a text speaks to. */
export function addressOf(text: string, isDirect: boolean): Address {
  return {
    isDirect,
    mentionsBot: MENTION.test(withoutCode(text)),
    opensWithOther: OTHER_OPENS.test(text),
    repliesTo: null,
  };
}
