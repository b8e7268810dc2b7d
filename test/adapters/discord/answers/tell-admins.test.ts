import { afterEach, describe, expect, it } from 'vitest';
import type { FakeDiscord } from '../../../support/discord/fake-discord.ts';
import { type Bench, openBench } from '../harness.ts';

const never = new AbortController().signal;
const notice = { text: 'A limit is near' };
let bench: Bench | null = null;

afterEach(async () => {
  await bench?.close();
  bench = null;
});

/** A bot in a guild, with what the test makes before it connects. */
async function open<T>(prepare: (discord: FakeDiscord) => T): Promise<Bench & { readonly made: T }> {
  const made: T[] = [];
  bench = await openBench({ prepare: (discord) => void made.push(prepare(discord)) });
  const [first] = made;
  if (first === undefined) throw new Error('nothing was made');
  return { ...bench, made: first };
}

const textsIn = (discord: FakeDiscord, channel: Parameters<FakeDiscord['messages']>[0]) =>
  discord.messages(channel).map(({ content }) => content);

describe('a word to one person on Discord', () => {
  it('is a direct message; nobody is told who takes none', async () => {
    const { discord, adapter, made } = await open((world) => {
      const [olga, otto] = [world.person('Olga'), world.person('Otto')];
      world.refuseDmsTo(otto);
      return { olga, otto };
    });
    expect(await adapter.tellPerson?.(made.olga.id, notice, never)).toBe(true);
    expect(textsIn(discord, made.olga.dm)).toEqual(['A limit is near']);
    expect(await adapter.tellPerson?.(made.otto.id, notice, never)).toBe(false);
    expect(discord.violations).toEqual([]);
  });
});

describe('a word to the admins of a Discord guild', () => {
  it('goes to its owner, in a direct message', async () => {
    const { discord, adapter, made } = await open((world) => {
      const owner = world.person('Olga');
      return { owner, guild: world.guild({ owner }) };
    });
    expect(await adapter.tellAdmins?.(`discord:${made.guild.id}`, notice, never)).toBe(true);
    expect(textsIn(discord, made.owner.dm)).toEqual(['A limit is near']);
    expect(discord.violations).toEqual([]);
  });

  it('goes to the system channel where the owner takes no direct messages', async () => {
    const { discord, adapter, made } = await open((world) => {
      const owner = world.person('Olga');
      const guild = world.guild({ owner });
      const channel = guild.channel();
      guild.setSystemChannel(channel);
      world.refuseDmsTo(owner);
      return { guild, channel };
    });
    expect(await adapter.tellAdmins?.(`discord:${made.guild.id}`, notice, never)).toBe(true);
    expect(textsIn(discord, made.channel)).toEqual(['A limit is near']);
  });

  it('reaches nobody where there is neither, and in guilds that the bot is not in', async () => {
    const { adapter, made } = await open((world) => {
      const owner = world.person('Olga');
      world.refuseDmsTo(owner);
      return { guild: world.guild({ owner }) };
    });
    expect(await adapter.tellAdmins?.(`discord:${made.guild.id}`, notice, never)).toBe(false);
    expect(await adapter.tellAdmins?.('discord:1', notice, never)).toBe(false);
  });

  it('goes to the person in a guild of one', async () => {
    const { discord, adapter, made } = await open((world) => ({ mia: world.person('Mia') }));
    expect(await adapter.tellAdmins?.(`discord:dm:${made.mia.id}`, notice, never)).toBe(true);
    expect(textsIn(discord, made.mia.dm)).toEqual(['A limit is near']);
  });
});
