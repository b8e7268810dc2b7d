import type { FakeDiscord } from './fake-discord.ts';

/** A guild with a channel and two members. */
export function openGuild(discord: FakeDiscord) {
  const guild = discord.guild({ name: 'Home' });
  const channel = guild.channel();
  const ada = discord.person('Ada');
  const bob = discord.person('Bob');
  guild.join(ada);
  guild.join(bob);
  return { guild, channel, ada, bob };
}
