import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { usageRecord } from '../../src/core/ledger/usage.ts';
import { limitsSchema } from '../../src/core/ports/limits.ts';
import { createTestBot, invocationOf, messageOf, type TestBot, testActor } from '../support/test-bot.ts';

let bot: TestBot;

beforeEach(async () => {
  bot = await createTestBot({
    defaultTier: 'premium',
    defaultModel: 'openai/gpt-4o-mini',
    limits: limitsSchema.parse(undefined),
    operators: ['discord:olga', 'web:otto'],
  });
});
afterEach(() => bot.close());

const mia = testActor('mia');
const ben = testActor('ben');
const ada = testActor('ada', { isAdmin: true });
const zoe = testActor('zoe', { guild: 'discord:2', isAdmin: true });
const olga = testActor('olga');

async function ask(actor = mia, model = 'openai/gpt-4o-mini', cost = 0.01): Promise<void> {
  bot.provider.answer('Yes.', { prompt_tokens: 100, completion_tokens: 20, cost });
  await bot.dispatch.command(invocationOf('ask', { prompt: 'Hi', model }, { actor }));
}

/** Runs `/usage` and resolves to what the person alone gets. */
async function usage(options: Record<string, unknown> = {}, actor = mia) {
  const invocation = invocationOf('usage', options, { actor });
  await bot.dispatch.command(invocation);
  expect(invocation.surface.messages).toEqual([]);
  const [notice] = invocation.surface.privateTexts;
  const files = notice?.files ?? [];
  const fileOf = (mediaType: string) => files.find((file) => file.mediaType === mediaType);
  const table = fileOf('text/csv');
  return {
    text: notice?.text ?? '',
    names: files.map(({ name }) => name),
    csv: table === undefined ? '' : new TextDecoder().decode(table.bytes),
    chart: fileOf('image/png'),
  };
}

/** The first picture compiles WASM. */
const PATIENCE = { timeout: 120_000 };

describe('/usage', PATIENCE, () => {
  it('shows members their own: today, this month, by model, against their limits', async () => {
    await ask();
    await ask(mia, 'anthropic/claude-3.5-sonnet', 0.05);
    await ask(ben);
    const { text, names } = await usage();
    expect(text).toMatch(/Today: 2 requests · 240 tokens · \$0\.06\n- This month: 2 requests/);
    expect(text).toMatch(
      /By model, this month\*\*\n- Claude 3\.5 Sonnet: 1 request .* \$0\.05\n- GPT-4o mini: 1 request .* \$0\.01/,
    );
    expect(text).toContain('- 2 of 300 requests today');
    expect(text).toContain('- $0.06 of $4.00 today');
    expect(names).toEqual([]);
  });

  it('counts requests that are not settled as the limits do, and says what they cost at most', async () => {
    const live = bot.provider.live();
    const asked = messageOf('Hi', { actor: mia, place: { key: 'thread 1' } });
    const done = bot.dispatch.message(asked);
    await live.request;
    await live.text('Well');
    const line = /Today: 1 request · 0 tokens · \$0 · not settled yet, at most (\$0\.\d+) more\n/;
    const own = (await usage()).text;
    expect(own).toMatch(line);
    expect(own).toContain(`- ${line.exec(own)?.[1]} of $4.00 today`);
    expect(own).toContain('- 1 of 300 requests today');
    expect((await usage({}, ada)).text).toMatch(line);
    expect((await usage({}, ada)).csv).toMatch(/,operator,1,0,0,0\.000000000,1,0\.\d+,0,0,0\.000000000\r\n/);
    expect((await usage({ of: 'everywhere' }, olga)).text).toMatch(line);
    expect((await usage({}, ben)).text).not.toContain('not settled');
    expect((await usage({}, zoe)).text).not.toContain('not settled');
    await live.finish({ prompt_tokens: 1, completion_tokens: 1, cost: 0.01 });
    await done;
    expect((await usage()).text).toMatch(/Today: 1 request/);
    expect((await usage()).text).not.toContain('not settled');
  });

  it.each(['here', 'everywhere'])('shows members nothing of %s', async (of) => {
    await ask(ben);
    const { text, names } = await usage({ of });
    expect(text).toMatch(/^Only (an admin|the operator)/);
    expect(names).toEqual([]);
  });

  it('shows admins what all used, by model, person per day, with a chart and a table', async () => {
    await ask();
    await ask(ben);
    await ask(ben, 'anthropic/claude-3.5-sonnet', 0.05);
    const { text, names, csv, chart } = await usage({}, ada);
    expect(text).toMatch(/Usage here\*\*\n- Today: 3 requests · 360 tokens · \$0\.07/);
    expect(text).toMatch(/Last 30 days: 3 requests/);
    expect(text).toMatch(/By model\*\*\n- Claude 3\.5 Sonnet: 1 request .*\n- GPT-4o mini: 2 requests/);
    expect(text).toMatch(/By person\*\*\n- Ben: 2 requests .* \$0\.06\n- Mia: 1 request/);
    expect(names).toEqual([
      'usage.png',
      expect.stringMatching(/^usage-\d{4}-\d\d-\d\d-to-\d{4}-\d\d-\d\d\.csv$/),
    ]);
    expect(csv.split('\r\n')).toHaveLength(5);
    expect(csv).toMatch(
      /,discord:1,ben,Ben,anthropic\/claude-3\.5-sonnet,operator,1,100,20,0\.050000000,0,0\.000000000,0,0,0\.000000000\r\n/,
    );
    expect(chart?.bytes.length).toBeGreaterThan(1_000);
    expect(chart?.description).toMatch(/^Dollars per day by model, 30 days: 3 requests/);
  });

  it('leaves the oldest lines out of a table that is too long for the platforms, and says so', async () => {
    for (let index = 0; index < 110; index++) {
      const about = { guild: 'discord:1', user: `user ${index}`, userName: 'x'.repeat(30_000) } as const;
      const paid = { model: 'm', provider: 'openrouter', payer: 'operator', basis: 'provider' } as const;
      const spent = { costNanoUsd: 0, promptTokens: 1, completionTokens: 1 };
      await bot.store.records.append(
        usageRecord({ ...about, ...paid, ...spent, id: `${index}`, atMs: Date.now() }),
      );
    }
    const { text, csv } = await usage({}, ada);
    expect(text).toContain('The CSV file would be too long, so its oldest 11 lines are left out.');
    expect(csv.length).toBeLessThanOrEqual(3_000_000);
  });

  it('charts requests where nothing cost anything', async () => {
    await ask(mia, 'google/gemini-2.0-flash-001:free', 0);
    const { chart, text } = await usage({ days: '7' }, ada);
    expect(chart?.description).toMatch(/^Requests per day by model, 7 days/);
    expect(text).toMatch(/Last 7 days: 1 request/);
  });

  it('ends at the guild, for members and admins', async () => {
    await ask();
    expect((await usage({}, zoe)).text).toMatch(/Today: nothing/);
    expect((await usage({}, zoe)).csv).toBe('');
    expect((await usage({ of: 'everywhere' }, zoe)).text).toMatch(/Only the operator/);
    expect((await usage({ of: 'me' }, testActor('mia', { guild: 'discord:2' }))).text).toMatch(
      /Today: nothing/,
    );
  });

  it('shows operators all places', async () => {
    await ask();
    await ask(zoe);
    const { text, csv } = await usage({ of: 'everywhere' }, olga);
    expect(text).toMatch(/in all servers\*\*\n- Today: 2 requests/);
    expect(text).toMatch(/By server\*\*\n- discord:[12]: 1 request .*\n- discord:[12]: 1 request/);
    expect(csv).toMatch(/,discord:2,zoe,Zoe,/);
  });

  it('keeps the operator of the playground in the playground', async () => {
    await ask();
    const otto = testActor('otto', { guild: 'web:local' });
    expect((await usage({ of: 'everywhere' }, otto)).text).toBe(
      'The playground can only reach `web:local`. `/usage` without options shows the usage here.',
    );
    expect((await usage({}, otto)).text).toMatch(/Today: nothing/);
  });

  it('takes names for text', async () => {
    await ask({ ...mia, name: '**Mia**\n<@1> [x](http://y)' });
    expect((await usage({}, ada)).text).toContain('- \\*\\*Mia\\*\\* \\<@1\\> \\[x\\](http://y): 1 request');
  });
});
