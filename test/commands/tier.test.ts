import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestBot, invocationOf, type TestBot, type TestEvent, testActor } from '../support/test-bot.ts';

let bot: TestBot;

beforeEach(async () => {
  bot = await createTestBot({
    operators: ['discord:olga', 'web:otto'],
    skuTiers: new Map([['100', 'openai']]),
  });
});

afterEach(() => bot.close());

/** Runs `/tier` and resolves to what the person alone is told. */
async function tier(options: Record<string, unknown>, event: TestEvent): Promise<string> {
  const invocation = invocationOf('tier', options, event);
  await bot.dispatch.command(invocation);
  expect(invocation.surface.messages).toEqual([]);
  return invocation.surface.privateTexts.map(({ text }) => text).join('\n');
}

const asMember = { actor: testActor('mia') };
const asAdmin = { actor: testActor('ada', { isAdmin: true }) };
const asOperator = { actor: testActor('olga') };
const tierOf = async (guild: 'discord:1' | 'discord:2') => (await bot.services.guilds.access(guild)).tier;

describe('/tier for everybody', () => {
  it('says what this place has, what each tier opens, and how to get more', async () => {
    const text = await tier({}, asMember);
    expect(text).toMatch(/^This server has the tier `free`:\n- free: the default tier\n/);
    expect(text).toMatch(/- \*\*free\*\* \(here\): Llama 3\.2 3B \(Free\), Gemini 2\.0 Flash \(Free\)\n/);
    expect(text).toMatch(/- openai: .*, GPT-4o\n/);
    expect(text).toMatch(/- premium: .*DeepSeek Chat/);
    expect(text).toMatch(/ask the operator\. `openai` can be bought on Discord/);
  });

  it('offers what is sold here and opens more, and no shop if there is none', async () => {
    await bot.grant('discord:1', 'openai');
    expect(await tier({}, asMember)).not.toContain('can be bought');
    await using shopless = new AsyncDisposableStack();
    const other = shopless.adopt(await createTestBot(), (it) => it.close());
    const invocation = invocationOf('tier', {}, asMember);
    await other.dispatch.command(invocation);
    expect(invocation.surface.privateTexts[0]?.text).toMatch(
      /ask the operator\. An admin can also add an API key for OpenRouter or OpenAI with `\/connect`/,
    );
  });

  it('names a grant with its end, and not who gave it or why', async () => {
    await tier(
      { action: 'grant', tier: 'premium', until: '2999-01-01', reason: 'a secret deal' },
      asOperator,
    );
    const text = await tier({}, asAdmin);
    expect(text).toMatch(/`premium`:\n.*\n- premium: given by the operator until 2999-01-01\n/);
    expect(text).not.toMatch(/secret|olga|To get more/);
    expect(await tier({}, asOperator)).toMatch(/until 2999-01-01 \(discord:olga: a secret deal\)/);
    await bot.grant('discord:1', 'openai');
    expect(await tier({}, asOperator)).toMatch(
      /\n- openai: given by the operator, in place of the default tier \(test: a test\)\n/,
    );
    expect(await tier({}, asAdmin)).toMatch(/\n- openai: given by the operator\n/);
  });

  it.each([
    { action: 'grant', tier: 'premium' },
    { action: 'grant', tier: 'premium', guild: 'discord:2' },
    { action: 'revoke' },
    { action: 'revoke', guild: 'discord:2' },
    { action: 'log' },
    { action: 'show', guild: 'discord:2' },
    { tier: 'premium' },
  ])('is nothing but that: %j is for operators, and no admin is one', async (options) => {
    await bot.grant('discord:2', 'openrouter');
    for (const person of [asMember, asAdmin]) {
      expect(await tier(options, person)).toMatch(/^Only the operator can do that/);
    }
    expect([await tierOf('discord:1'), await tierOf('discord:2')]).toEqual(['free', 'openrouter']);
  });

  it('takes nobody for an operator of another platform with the same user id', async () => {
    const namesake = { actor: testActor('olga', { guild: 'slack:T1', isAdmin: true }) };
    expect(await tier({ action: 'grant', tier: 'premium' }, namesake)).toMatch(/^Only the operator/);
  });
});

describe('/tier for operators', () => {
  it('grants here or elsewhere, and counts from the next request on', async () => {
    expect(await tier({ action: 'grant', tier: 'openai' }, asOperator)).toBe(
      'Granted `openai`. `discord:1` now has the tier `openai`.',
    );
    expect(
      await tier(
        { action: 'grant', guild: 'discord:2', tier: 'premium', until: '2999-01-01T12:00Z' },
        asOperator,
      ),
    ).toBe('Granted `premium` until 2999-01-01 12:00 UTC. `discord:2` now has the tier `premium`.');
    bot.provider.answer('Yes.');
    const elsewhere = { actor: testActor('zoe', { guild: 'discord:2' }) };
    await bot.dispatch.command(
      invocationOf('ask', { prompt: 'Hi', model: 'deepseek/deepseek-chat' }, elsewhere),
    );
    expect(bot.provider.chats[0]?.body.model).toBe('deepseek/deepseek-chat');
    expect(await tier({ action: 'revoke', guild: 'discord:2', reason: 'over' }, asOperator)).toMatch(
      /revoked\. `discord:2` has the tier `free`/,
    );
    expect(await tier({ action: 'revoke', guild: 'discord:2' }, asOperator)).toMatch(/There was no grant/);
  });

  it('shows the log of changes, of all places or of one', async () => {
    await tier({ action: 'grant', tier: 'openai', reason: 'a trial' }, asOperator);
    await tier({ action: 'grant', tier: 'premium', guild: 'discord:2' }, asOperator);
    const all = (await tier({ action: 'log' }, asOperator)).split('\n');
    expect(all).toHaveLength(2);
    expect(all[0]).toMatch(/discord:olga, tier\.grant of discord:2: nothing → premium$/);
    expect(all[1]).toMatch(/tier\.grant of discord:1: nothing → openai \(a trial\)$/);
    expect(await tier({ action: 'log', guild: 'discord:3' }, asOperator)).toBe('No changes yet.');
  });

  it('shows the newest 25 changes, and says if there are more', async () => {
    const grant = (count: number) =>
      tier({ action: 'grant', tier: 'openai', reason: `no. ${count}` }, asOperator);
    for (let count = 1; count <= 25; count++) await grant(count);
    expect((await tier({ action: 'log' }, asOperator)).split('\n').at(-1)).toMatch(/\(no\. 1\)$/);
    await grant(26);
    const lines = (await tier({ action: 'log' }, asOperator)).split('\n');
    expect(lines).toHaveLength(26);
    expect(lines.slice(-2)).toEqual([
      expect.stringMatching(/\(no\. 2\)$/),
      expect.stringMatching(/shows more\.$/),
    ]);
  });

  it.each([
    { action: 'grant', tier: 'premium', guild: 'discord:1' },
    { action: 'revoke', guild: 'discord:1' },
    { guild: 'discord:1' },
    { action: 'log', guild: 'discord:1' },
  ])('keeps the operator of the playground in the playground: %j', async (options) => {
    await tier({ action: 'grant', tier: 'openai' }, asOperator);
    const asOtto = { actor: testActor('otto', { guild: 'web:local' }) };
    expect(await tier(options, asOtto)).toMatch(/playground can only reach `web:local`/);
    expect(await tierOf('discord:1')).toBe('openai');
    expect(await tier({ action: 'grant', tier: 'premium' }, asOtto)).toMatch(/`premium`/);
  });

  it('shows the operator of the playground the log of the playground', async () => {
    await tier({ action: 'grant', tier: 'openai' }, asOperator);
    const asOtto = { actor: testActor('otto', { guild: 'web:local' }) };
    expect(await tier({ action: 'log' }, asOtto)).toBe('No changes yet.');
    await tier({ action: 'grant', tier: 'premium' }, asOtto);
    expect(await tier({ action: 'log' }, asOtto)).toMatch(/^- [^\n]* of web:local: nothing → premium$/);
  });

  it.each([
    [{ action: 'grant' }, /^Choose which `tier`/],
    [{ tier: 'premium' }, /^`tier` only works with `action:grant`\. Nothing was changed\.$/],
    [{ action: 'revoke', until: '2999-01-01' }, /^`until` only works with `action:grant`\./],
    [{ action: 'log', reason: 'why' }, /^`reason` only works with `action:grant` or `action:revoke`\./],
    [{ action: 'grant', tier: 'gold' }, /must be one of/],
    [{ action: 'grant', tier: 'premium', until: 'tomorrow' }, /The end must be a date/],
    [{ action: 'grant', tier: 'premium', until: '2020-01-01' }, /is in the past/],
    [{ action: 'grant', tier: 'premium', guild: 'discord' }, /`guild` must look like/],
    [{ action: 'grant', tier: 'premium', guild: 'discord:1 ; drop' }, /`guild` must look like/],
  ])('changes nothing on %j', async (options, words) => {
    expect(await tier(options, asOperator)).toMatch(words);
    expect(await tierOf('discord:1')).toBe('free');
    expect(await Array.fromAsync(bot.services.audit.query({}))).toEqual([]);
  });
});
