import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuditLog } from '../../src/core/access/audit.ts';
import { limitsSchema } from '../../src/core/ledger/limits.ts';
import { collect } from '../support/collect.ts';
import { createTestBot, invocationOf, messageOf, type TestBot, testActor } from '../support/test-bot.ts';

let bot: TestBot;

beforeEach(async () => {
  bot = await createTestBot({
    limits: limitsSchema.parse(undefined),
    operators: ['discord:olga', 'web:otto'],
  });
});
afterEach(() => bot.close());

const mia = testActor('10');
const ada = testActor('20', { isAdmin: true });
const olga = testActor('olga');

/** Runs `/limits` and resolves to what the person alone is told. */
async function limits(options: Record<string, unknown> = {}, actor = mia): Promise<string> {
  const invocation = invocationOf('limits', options, { actor });
  await bot.dispatch.command(invocation);
  expect(invocation.surface.messages).toEqual([]);
  return invocation.surface.whispers.map(({ text }) => text).join('\n');
}

/** Asks something, and resolves to the answer, or to the refusal. */
async function ask(actor = mia): Promise<string> {
  bot.provider.answer('Yes.', { prompt_tokens: 1, completion_tokens: 1, cost: 0 });
  const asked = messageOf('Hi', { actor });
  await bot.dispatch.message(asked);
  return asked.surface.text || (asked.surface.whispers[0]?.text ?? '');
}

describe('/limits', () => {
  it('shows a member the limits and their own use, and not the use of all', async () => {
    await ask();
    const text = await limits();
    expect(text).toMatch(/Limits of the tier `free`/);
    expect(text).toMatch(/Requests per person and day: \*\*100 requests\*\* · you have used 1 request\n/);
    expect(text).toMatch(/Dollars of all together per day: \*\*\$0\.50\*\*\n/);
    expect(await limits({}, ada)).toMatch(/Dollars of all together per day: \*\*\$0\.50\*\* · used \$0\n/);
  });

  it.each([{ limit: 'requests-per-day', to: '1' }, { user: '20' }, { guild: 'discord:2' }])(
    'lets no member do more than look: %j',
    async (options) => {
      expect(await limits(options)).toMatch(/Only an admin/);
    },
  );

  it('lets an admin tighten a limit for everybody here, from the next request on', async () => {
    expect(await limits({ limit: 'requests-per-day', to: '1' }, ada)).toMatch(
      /Requests per person and day: \*\*1 request\*\* \(set by an admin\)/,
    );
    expect(await ask()).toBe('Yes.');
    expect(await ask()).toMatch(/You have used 1 of 1 request for today/);
  });

  it('lets an admin loosen nothing', async () => {
    expect(await limits({ limit: 'requests-per-day', to: '5000' }, ada)).toMatch(
      /day: \*\*100 requests\*\* ·/,
    );
    expect(await limits({ limit: 'requests-per-day', to: 'none' }, ada)).toMatch(/Only the operator/);
    await limits({ limit: 'all-dollars-per-day', to: '0.25' }, olga);
    expect(await limits({ limit: 'all-dollars-per-day', to: '400' }, ada)).toMatch(
      /per day: \*\*\$0\.25\*\*/,
    );
  });

  it('lets an admin limit one person, whatever the others may', async () => {
    const told = await limits({ limit: 'requests-per-day', to: '0', user: '<@10>' }, ada);
    expect(told).toMatch(/For 10:.*day: \*\*0 requests\*\* \(set by an admin for this person\)/s);
    expect(await ask()).toMatch(/You have used 0 of 0 requests for today/);
    expect(await ask(testActor('11'))).toBe('Yes.');
    await limits({ limit: 'requests-per-day', to: 'default', user: '10' }, ada);
    expect(await ask()).toBe('Yes.');
  });

  it('of all together cannot be set for one person', async () => {
    expect(await limits({ limit: 'all-dollars-per-day', to: '1', user: '10' }, ada)).toMatch(
      /not a limit of one person/,
    );
    expect(await limits({ limit: 'requests-per-day', to: '1', user: 'Mia Miller' }, ada)).toMatch(/mention/);
  });

  it('ends at the guild: an admin of one neither sees nor sets another’s', async () => {
    const zoe = testActor('30', { guild: 'discord:2', isAdmin: true });
    expect(await limits({ guild: 'discord:1' }, zoe)).toMatch(/Only the operator/);
    expect(await limits({ guild: 'discord:1', limit: 'requests-per-day', to: '0' }, zoe)).toMatch(
      /Only the operator/,
    );
    await limits({ limit: 'requests-per-day', to: '0' }, zoe);
    expect(await ask()).toBe('Yes.');
    expect(await ask(testActor('10', { guild: 'discord:2' }))).toMatch(/0 of 0/);
  });

  it('lets an operator set any, loosen and lift it, in any place', async () => {
    const far = { limit: 'requests-per-day', guild: 'discord:2' };
    expect(await limits({ ...far, to: '5,000' }, olga)).toMatch(
      /day: \*\*5,000 requests\*\* \(set by the operator\)/,
    );
    expect(await limits({ ...far, to: 'none' }, olga)).toMatch(
      /day: \*\*no limit\*\* \(set by the operator\)/,
    );
    expect(await limits({ ...far, to: 'default' }, olga)).toMatch(/day: \*\*100 requests\*\* ·/);
    expect(await limits({}, ada)).not.toMatch(/set by/);
    expect(await limits({ ...far, guild: 'nowhere', to: '1' }, olga)).toMatch(/no such place/);
  });

  it('keeps the operator of the playground in the playground', async () => {
    const otto = testActor('otto', { guild: 'web:local' });
    expect(await limits({ guild: 'discord:1', limit: 'requests-per-day', to: '1' }, otto)).toMatch(
      /cannot reach it from here/,
    );
    expect(await limits({ limit: 'requests-per-day', to: '1' }, otto)).toMatch(/1 request\*\*/);
  });

  it.each([
    ['dollars-per-day', '$0.05', '\\$0.05'],
    ['dollars-per-day', '0.05 USD', '\\$0.05'],
    ['dollars-per-day', '.05', '\\$0.05'],
    ['dollars-per-day', '0', '\\$0'],
    ['requests-per-minute', ' 3 ', '3 requests'],
  ])('takes %s of %s', async (limit, to, shown) => {
    expect(await limits({ limit, to }, ada)).toMatch(
      new RegExp(`\\*\\*${shown}\\*\\* \\(set by an admin\\)`),
    );
  });

  it.each([
    ['dollars-per-day', 'five', /must be in US dollars/],
    ['dollars-per-day', '-5', /must be in US dollars/],
    ['dollars-per-day', '1e9', /must be in US dollars/],
    ['dollars-per-day', '5 €', /must be in US dollars/],
    ['dollars-per-day', '1,5', /must be in US dollars/],
    ['dollars-per-day', '1000000.01', /A million dollars is the most/],
    ['requests-per-day', '$5', /counts requests, not dollars/],
    ['requests-per-day', '2.5', /no parts of requests/],
    ['requests-per-day', 'many', /whole number/],
    ['requests-per-day', '99999999', /A million requests/],
  ])('refuses %s of %s in words that help', async (limit, to, words) => {
    expect(await limits({ limit, to }, ada)).toMatch(words);
    expect(await limits({}, ada)).not.toMatch(/set by/);
  });

  it('asks for what is missing', async () => {
    expect(await limits({ limit: 'requests-per-day' }, ada)).toMatch(/Say what to set it `to`/);
    expect(await limits({ to: '5' }, ada)).toMatch(/Say which `limit`/);
  });

  it('notes each change, with who made it, from what to what', async () => {
    await limits({ limit: 'requests-per-day', to: '5' }, ada);
    await limits({ limit: 'requests-per-day', to: '5' }, ada);
    await limits({ limit: 'dollars-per-day', to: '0.01', user: '10' }, ada);
    await limits({ limit: 'requests-per-day', to: 'default' }, ada);
    const entries = await collect(createAuditLog(bot.store.records).query({}));
    expect(entries.map(({ guild, by, action, from, to }) => [guild, by, action, from, to])).toEqual([
      ['discord:1', 'discord:20', 'limits.change', 'requestsPerUserPerDay of guild: 5 requests', null],
      ['discord:1', 'discord:20', 'limits.change', null, 'nanoUsdPerUserPerDay of user 10: $0.01'],
      ['discord:1', 'discord:20', 'limits.change', null, 'requestsPerUserPerDay of guild: 5 requests'],
    ]);
  });
});
