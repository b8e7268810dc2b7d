import { createFakeDiscord } from '../../test/support/discord/fake-discord.ts';
import type { ChannelRef, Person } from '../../test/support/discord/person.ts';
import { type Message, shown } from '../../test/support/discord/world.ts';
import type { LoadOptions } from './options.ts';
import type { AskingWay, LoadPlatform } from './platform.ts';
import { createObserver, type Observer } from './sighting.ts';

export interface LoadDiscord extends LoadPlatform {
  readonly byCommand: AskingWay;
  readonly byMention: AskingWay;
}

/** A Discord with so many guilds, which share so many channels. A guild has one person, who asks all its questions. */
export async function createLoadDiscord(options: LoadOptions): Promise<LoadDiscord> {
  const { guilds, channels, bare, words, processes } = options;
  /** By interaction, and by the thread that a mention opens. */
  const observers = new Map<string, Observer>();

  function onMessage(message: Message): void {
    const { content, components } = shown(message);
    const isLast = !bare && JSON.stringify(components).includes('"retry:');
    observers.get(message.interaction?.id ?? message.channelId)?.see(message.id, content, isLast);
  }

  const discord = await createFakeDiscord({ onMessage, recommendedShards: processes });
  const places = Array.from({ length: guilds }, (_, index) => {
    const guild = discord.guild({ name: `Guild ${index}` });
    const person = discord.person(`Person${index}`);
    guild.join(person);
    return { guild, person };
  });
  const asking = Array.from({ length: channels }, (_, index) => {
    const place = places[index % guilds] as (typeof places)[number];
    return { person: place.person, channel: place.guild.channel({ name: `channel-${index}` }) };
  });

  function way(
    name: string,
    begin: (person: Person, channel: ChannelRef, question: string) => ChannelRef,
  ): AskingWay {
    return {
      name,
      async ask(question, slot) {
        const { person, channel } = asking[slot % channels] as (typeof asking)[number];
        const asked = begin(person, channel, question);
        const observer = createObserver(bare ? words : null);
        observers.set(asked.id, observer);
        const sighting = await observer.sighting;
        observers.delete(asked.id);
        discord.forget(asked);
        return sighting;
      },
    };
  }

  return {
    environment: discord.environment,
    byCommand: way('Discord, by /ask', (person, channel, question) =>
      person.slash('ask', { prompt: question }, { channel }),
    ),
    byMention: way('Discord, by mention', (person, channel, question) =>
      person.say(channel, `${discord.botMention} ${question}`),
    ),
    violations: () => discord.violations,
    calls: () => discord.requestCount,
    close: () => discord.close(),
  };
}
