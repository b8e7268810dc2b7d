import { describe, expect, it, onTestFinished } from 'vitest';
import { commands } from '../../../../src/commands/index.ts';
import type { GuildId } from '../../../../src/core/ports/actor.ts';
import type { Tier } from '../../../../src/core/ports/tiers.ts';
import { createTestBot } from '../../../support/test-bot.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import { type Bench, openBehind } from '../harness.ts';

const SKU_TIERS = new Map<string, Tier>([
  ['100', 'openai'],
  ['200', 'openrouter'],
]);

/** The whole core behind the real discord.js, at a Discord where tiers are sold. */
type Stage = Awaited<ReturnType<typeof openBehind>>;

async function open(prepare?: (discord: Bench['discord']) => void): Promise<Stage> {
  const bot = await createTestBot({ skuTiers: SKU_TIERS });
  onTestFinished(bot.close);
  return openBehind(bot, { skus: new Set(SKU_TIERS.keys()), ...(prepare ? { prepare } : {}) });
}

async function untilTier({ services }: Stage, guild: GuildId, tier: Tier): Promise<void> {
  await waitUntil(async () => expect((await services.guilds.access(guild)).tier).toBe(tier));
}

describe('what Discord says was bought', () => {
  it('counts from the event that announces it until the one that ends it', async () => {
    const stage = await open();
    const { discord, guild } = stage;
    const bought = discord.entitle('100', { guild });
    await untilTier(stage, `discord:${guild.id}`, 'openai');
    bought.end();
    await untilTier(stage, `discord:${guild.id}`, 'free');
    const second = discord.entitle('200', { guild });
    await untilTier(stage, `discord:${guild.id}`, 'openrouter');
    second.refund();
    await untilTier(stage, `discord:${guild.id}`, 'free');
  });

  it('comes together where a guild bought several, and SKUs that are not for sale here give nothing', async () => {
    const stage = await open();
    const { discord, guild } = stage;
    discord.entitle('999', { guild });
    discord.entitle('100', { guild });
    discord.entitle('200', { guild });
    await untilTier(stage, `discord:${guild.id}`, 'premium');
    expect((await stage.services.guilds.report(`discord:${guild.id}`)).purchases).toHaveLength(2);
  });

  it('counts no more once it was used up, although Discord still lists it', async () => {
    const stage = await open();
    const { discord, guild, services } = stage;
    const bought = discord.entitle('100', { guild });
    await untilTier(stage, `discord:${guild.id}`, 'openai');
    bought.consume();
    discord.entitle('200', { guild });
    await untilTier(stage, `discord:${guild.id}`, 'openrouter');
    expect((await services.guilds.report(`discord:${guild.id}`)).purchases).toHaveLength(1);
  });

  it('of a user counts in their direct messages alone, and of a guild in the guild alone', async () => {
    const stage = await open();
    const { discord, guild, ada, bob } = stage;
    discord.entitle('100', { user: ada });
    await untilTier(stage, `discord:dm:${ada.id}`, 'openai');
    discord.entitle('200', { guild });
    await untilTier(stage, `discord:${guild.id}`, 'openrouter');
    await untilTier(stage, `discord:dm:${ada.id}`, 'openai');
    await untilTier(stage, `discord:dm:${bob.id}`, 'free');
  });

  it('is read again at the start, for what was bought and what ended while the bot was away', async () => {
    // More than Discord lists at once.
    const before: string[] = [];
    const stage = await open((discord) => {
      for (let index = 0; index < 101; index++) {
        const guild = discord.guild({ name: `Guild ${index}` });
        discord.entitle('100', { guild });
        before.push(guild.id);
      }
    });
    await untilTier(stage, `discord:${before[0]}`, 'openai');
    await untilTier(stage, `discord:${before[100]}`, 'openai');
    const { discord, guild, adapter, services } = stage;
    const ended = discord.entitle('100', { guild });
    await untilTier(stage, `discord:${guild.id}`, 'openai');
    await adapter.stop();
    ended.refund();
    const other = discord.guild({ name: 'Other' });
    discord.entitle('200', { guild: other });
    await stage.startBot({ commands, skus: new Set(SKU_TIERS.keys()) });
    expect((await services.guilds.access(`discord:${guild.id}`)).tier).toBe('free');
    expect((await services.guilds.access(`discord:${other.id}`)).tier).toBe('openrouter');
  });

  it('counts when it is bought while all there is is being read', async () => {
    const bought = Promise.withResolvers<GuildId>();
    const lists = ({ requests }: Bench['discord']) =>
      requests.filter(({ path }) => path.endsWith('/entitlements'));
    async function buy(discord: Bench['discord']): Promise<GuildId> {
      await discord.until(() => lists(discord).length === 1, 'the list is asked for');
      const guild = discord.guild();
      discord.entitle('100', { guild });
      // Commands that come later are dealt with at once: by then it has been heard of what was bought.
      const ada = discord.person('Ada');
      for (let count = 0; count < 5; count++) {
        await ada.slash('help', {}, { channel: ada.dm }).acknowledged();
      }
      await discord.until(() => lists(discord).every(({ status }, index) => index === 0 || status === 200));
      return `discord:${guild.id}`;
    }
    const stage = await open((discord) => {
      discord.faults.add('GET', /entitlements/, { kind: 'hold', until: bought.promise, when: 'after' });
      buy(discord).then(bought.resolve, bought.reject);
    });
    await untilTier(stage, await bought.promise, 'openai');
  });

  it('is taken from each interaction before it is dealt with', async () => {
    const stage = await open();
    const { discord, services, provider, guild, channel, ada } = stage;
    const id: GuildId = `discord:${guild.id}`;
    discord.entitle('100', { guild });
    await untilTier(stage, id, 'openai');
    // As if the event had been missed.
    await services.guilds.purchased('discord', new Map([[id, []]]), 'these');
    expect((await services.guilds.access(id)).tier).toBe('free');
    provider.answer('Blue.');
    ada.slash('ask', { prompt: 'Why?', model: 'openai/gpt-4o' }, { channel });
    await discord.until(() => provider.chats.length === 1);
    expect(provider.chats[0]?.body.model).toBe('openai/gpt-4o');
    // And as if one had been missed that ended it: what Discord does not name is gone.
    const dm: GuildId = `discord:dm:${ada.id}`;
    await services.guilds.purchased('discord', new Map([[dm, [{ sku: '200', endsAtMs: null }]]]), 'these');
    const used = ada.slash('ask', { prompt: 'Why?', model: 'openai/gpt-4o-mini' }, { channel: ada.dm });
    await discord.until(() => used.replies.some(({ content }) => content.includes('needs the tier')));
    expect(provider.chats).toHaveLength(1);
  });

  it('are read although the connection breaks, at the start and after an event', async () => {
    const reset = { kind: 'reset', when: 'before' } as const;
    const stage = await open((discord) => discord.faults.add('GET', /entitlements/, reset));
    const { discord, guild } = stage;
    discord.faults.add('GET', /entitlements/, reset);
    discord.entitle('100', { guild });
    await untilTier(stage, `discord:${guild.id}`, 'openai');
  });

  it('that Discord refuses to tell lets the bot not start, and says what to do', async () => {
    const refusal = { kind: 'refuse', error: 'missingAccess' } as const;
    const starting = open((discord) => discord.faults.add('GET', /entitlements/, refusal));
    await expect(starting).rejects.toThrow(/Discord refused to list purchases/);
    await expect(starting).rejects.toMatchObject({ remedy: expect.stringContaining('DISCORD_SKU_TIERS') });
  });
});
