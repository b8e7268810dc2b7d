import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuditLog } from '../../src/core/access/audit.ts';
import { limitsSchema } from '../../src/core/ports/limits.ts';
import { collect } from '../support/collect.ts';
import {
  createTestBot,
  invocationOf,
  messageOf,
  pressOf,
  type TestBot,
  testActor,
} from '../support/test-bot.ts';

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
  return invocation.surface.privateTexts.map(({ text }) => text).join('\n');
}

/** Asks something, and resolves to the answer, or to the refusal. */
async function ask(actor = mia): Promise<string> {
  bot.provider.answer('Yes.', { prompt_tokens: 1, completion_tokens: 1, cost: 0 });
  const asked = messageOf('Hi', { actor });
  await bot.dispatch.message(asked);
  return asked.surface.text || (asked.surface.privateTexts[0]?.text ?? '');
}

describe('/limits', () => {
  it('shows a member the limits and their own use, and not the use of all', async () => {
    await ask();
    const text = await limits();
    expect(text).toMatch(/Limits of the tier `free`/);
    expect(text).toMatch(
      /Requests per person per day \(`requests-per-day`\): \*\*100 requests\*\* · you have used 1 request\n/,
    );
    expect(text).toMatch(/Total spending per day \(`all-dollars-per-day`\): \*\*\$0\.50\*\*\n/);
    expect(await limits({}, ada)).toMatch(
      /Total spending per day \(`all-dollars-per-day`\): \*\*\$0\.50\*\* · used \$0\n/,
    );
  });

  it.each([
    { limit: 'requests-per-day', to: '1' },
    { limit: 'requests-per-day' },
    { user: '20' },
    { role: '77' },
    { guild: 'discord:2' },
  ])('lets no member do more than look: %j', async (options) => {
    expect(await limits(options)).toMatch(/Only an admin/);
  });

  it('lets an admin tighten a limit for everybody here, from the next request on', async () => {
    expect(await limits({ limit: 'requests-per-day', to: '1' }, ada)).toMatch(
      /Requests per person per day \(`requests-per-day`\): \*\*1 request\*\* \(set by an admin\)/,
    );
    expect(await ask()).toBe('Yes.');
    expect(await ask()).toMatch(/Daily limit reached \(1 request\)/);
  });

  it('lets an admin loosen nothing', async () => {
    expect(await limits({ limit: 'requests-per-day', to: '5000' }, ada)).toMatch(
      /day`\): \*\*100 requests\*\* ·/,
    );
    expect(await limits({ limit: 'requests-per-day', to: 'none' }, ada)).toMatch(/Only the operator/);
    await limits({ limit: 'all-dollars-per-day', to: '0.25' }, olga);
    expect(await limits({ limit: 'all-dollars-per-day', to: '400' }, ada)).toMatch(
      /per-day`\): \*\*\$0\.25\*\*/,
    );
  });

  it('says of what is looser than something else that it has no effect, and what holds', async () => {
    const perDay = { limit: 'requests-per-day' };
    const none = (what: string) => new RegExp(`^Saved, but it has no effect: ${what}\\.\n\n`);
    await limits({ ...perDay, to: '5' }, ada);
    expect(await limits({ ...perDay, to: '6', user: '10' }, ada)).toMatch(
      none('an admin set the limit to only 5 requests'),
    );
    expect(await limits({ ...perDay, to: '7', role: '77' }, ada)).toMatch(
      none('an admin set the limit to only 5 requests'),
    );
    expect(await limits({ ...perDay, to: 'none' }, olga)).toMatch(
      none('an admin set the limit to only 5 requests'),
    );
    await limits({ ...perDay, to: 'default' }, olga);
    expect(await limits({ ...perDay, to: '5,000' }, ada)).toMatch(
      none('tier `free` allows only 100 requests'),
    );
    await limits({ ...perDay, to: '200' }, olga);
    expect(await limits({ ...perDay, to: '201' }, ada)).toMatch(
      none('the operator set the limit to only 200 requests'),
    );
    expect(await limits({ ...perDay, to: '200' }, ada)).toMatch(/^Saved\.\n/);
    expect(await limits({ ...perDay, to: 'default' }, ada)).toMatch(/^Saved\.\n/);
  });

  it('counts a looser limit that binds what the place’s own API keys pay', async () => {
    const key = { provider: 'openrouter', key: 'sk-or-v1-0123456789abcdef' };
    await bot.dispatch.command(invocationOf('connect', key, { actor: ada }));
    const text = await limits({ limit: 'requests-per-day', to: '5000' }, ada);
    expect(text).toMatch(/^Saved\.\n\n\*\*Limits of the tier `free`.*day`\): \*\*100 requests/s);
    expect(text).toMatch(/own API keys.*day`\): \*\*5,000 requests\*\* \(set by an admin\)/s);
  });

  it('lets an admin limit one person, whatever the others may', async () => {
    const told = await limits({ limit: 'requests-per-day', to: '0', user: '<@10>' }, ada);
    expect(told).toMatch(/For 10:.*day`\): \*\*0 requests\*\* \(set by an admin for this person\)/s);
    expect(await ask()).toMatch(/Daily limit reached \(0 requests\)/);
    expect(await ask(testActor('11'))).toBe('Yes.');
    await limits({ limit: 'requests-per-day', to: 'default', user: '10' }, ada);
    expect(await ask()).toBe('Yes.');
  });

  describe('of a role', () => {
    const inBoth = testActor('10', { groups: ['77', '88'] });
    const perDay = { limit: 'requests-per-day' };

    it('limit each person who has it, and the tightest of two counts', async () => {
      expect(await limits({ ...perDay, to: '1', role: '<@&77>' }, ada)).toMatch(
        /Limits of the role 77.*minute`\): \*\*not set\*\*\n- .*day`\): \*\*1 request\*\*\n/s,
      );
      await limits({ ...perDay, to: '2', role: '88' }, ada);
      expect(await limits({}, inBoth)).toMatch(
        /person per day \(`requests-per-day`\): \*\*1 request\*\* \(set by an admin for a role\) · you have used 0 requests/,
      );
      expect(await ask(inBoth)).toBe('Yes.');
      expect(await ask(inBoth)).toMatch(/Daily limit reached \(1 request\)/);
      expect(await ask(testActor('11', { groups: ['99'] }))).toBe('Yes.');
      await limits({ ...perDay, to: 'default', role: '77' }, ada);
      expect(await ask(inBoth)).toBe('Yes.');
      expect(await ask(inBoth)).toMatch(/reached \(2 requests\)/);
    });

    it('show in /usage, count for who retries, and for all where the platform does not say who has it', async () => {
      expect(await ask()).toBe('Yes.');
      await limits({ ...perDay, to: '1', role: '77' }, ada);
      const usage = invocationOf('usage', { of: 'me' }, { actor: testActor('10', { groups: ['77'] }) });
      await bot.dispatch.command(usage);
      expect(usage.surface.privateTexts[0]?.text).toMatch(/1 of 1 request today/);

      bot.provider.answer('Again.', { prompt_tokens: 1, completion_tokens: 1, cost: 0 });
      const asked = messageOf('Hi', { actor: testActor('12') });
      await bot.dispatch.message(asked);
      const answerId = asked.surface.shown?.buttons[0]?.answerId ?? '';
      await ask(testActor('20', { groups: ['77'] }));
      const retry = pressOf('retry', answerId, { actor: testActor('20', { isAdmin: true, groups: ['77'] }) });
      await bot.dispatch.press(retry);
      expect(retry.surface.privateTexts[0]?.text).toMatch(/reached \(1 request\)/);

      await ask(testActor('13'));
      expect(await ask(testActor('13', { groups: null }))).toMatch(/reached \(1 request\)/);
    });

    it('are shown alone, are listed for admins, and say what they leave out for others', async () => {
      await limits({ ...perDay, to: '1', role: '77' }, ada);
      expect(await limits({ role: '<@&77>' }, ada)).toMatch(
        /Limits of the role 77.*day`\): \*\*1 request\*\*/s,
      );
      expect(await limits({ role: '78' }, ada)).not.toMatch(/request\*\*/);
      const listed = 'These roles have their own limits (use `role` to see them): `77`.';
      const lines = async (options: object, actor = ada) => (await limits({ ...options }, actor)).split('\n');
      expect(await lines({})).toContain(listed);
      expect(await limits({}, mia)).not.toMatch(/have their own limits/);
      expect(await lines({ user: '10' })).toContain(
        `${listed} They are not included above, because the groups of this person are not known here.`,
      );
      expect(await lines({ user: '20' })).toContain(listed);
    });

    it('mean nothing in another guild', async () => {
      await limits({ ...perDay, to: '0', role: '77' }, ada);
      expect(await ask(testActor('10', { guild: 'discord:2', groups: ['77'] }))).toBe('Yes.');
    });

    it.each([
      [{ ...perDay, to: '1', role: 'Interns' }, ada, /`role` must be a mention or ID of a role/],
      [{ ...perDay, to: '1', role: '<@10>' }, ada, /`role` must be/],
      [{ ...perDay, to: '1', role: '77', user: '10' }, ada, /`user` or `role`, not both/],
      [{ limit: 'all-dollars-per-day', to: '1', role: '77' }, ada, /not to one person\. Leave out `role`/],
      [{ ...perDay, to: 'none', role: '77' }, olga, /only for everyone/],
      [
        { ...perDay, to: '1', role: 'S77' },
        testActor('9', { guild: 'web:local', isAdmin: true }),
        /no roles here/,
      ],
      [
        { ...perDay, to: '1', role: '77' },
        testActor('9', { guild: 'discord:dm:9', isAdmin: true }),
        /no roles here/,
      ],
      [
        { ...perDay, to: '1', role: '@devs' },
        testActor('T1/U9', { guild: 'slack:T1', isAdmin: true }),
        /ID of a user group/,
      ],
    ])('are refused in words that help: %j', async (options, actor, words) => {
      expect(await limits(options, actor)).toMatch(words);
    });

    it.each(['<!subteam^S12AB>', '<!subteam^S12AB|@devs>', 'S12AB'])('take %s on Slack', async (role) => {
      const boss = testActor('T1/U9', { guild: 'slack:T1', isAdmin: true });
      expect(await limits({ ...perDay, to: '1', role }, boss)).toMatch(
        /Limits of the user group S12AB.*day`\): \*\*1 request/s,
      );
    });

    it('are noted, and an operator sets them as admins do', async () => {
      await limits({ ...perDay, to: '5', role: '77' }, olga);
      expect((await bot.services.limits.rules('discord:1')).groups).toEqual({
        '77': { requestsPerUserPerDay: 5 },
      });
      const [entry] = await collect(createAuditLog(bot.store.records).query({}));
      expect(entry).toMatchObject({ by: 'discord:olga', to: 'requests-per-day for role 77: 5 requests' });
    });
  });

  it('of all together cannot be set for one person', async () => {
    expect(await limits({ limit: 'all-dollars-per-day', to: '1', user: '10' }, ada)).toMatch(
      /not to one person/,
    );
    expect(await limits({ limit: 'requests-per-day', to: '1', user: 'Mia Miller' }, ada)).toMatch(/mention/);
  });

  describe('of one person in the playground', () => {
    const boss = testActor('admin', { guild: 'web:local', isAdmin: true });
    const perDay = { limit: 'requests-per-day', to: '2' };

    it.each(['Mia', '@Mia', 'mia', 'member'])('are set by the name %s', async (user) => {
      expect(await limits({ ...perDay, user }, boss)).toMatch(
        /^Saved\.\n\nFor Mia:.*day`\): \*\*2 requests\*\*/s,
      );
      expect((await bot.services.limits.rules('web:local')).users).toEqual({
        member: { requestsPerUserPerDay: 2 },
      });
    });

    it.each(['Zed', '<@Mia>', '10'])('are refused for %s, who is nobody there', async (user) => {
      expect(await limits({ ...perDay, user }, boss)).toMatch(
        /Nobody here is called .* Use one of `Mia`, `Ada`, `Otto`/,
      );
      expect((await bot.services.limits.rules('web:local')).users).toEqual({});
    });
  });

  it.each(['Mia', '@Mia', 'foo/bar', 'T1/Mia'])(
    'of %s, who has no id, cannot be set on Slack',
    async (user) => {
      const boss = testActor('T1/U9', { guild: 'slack:T1', isAdmin: true });
      expect(await limits({ limit: 'requests-per-day', to: '2', user }, boss)).toMatch(
        /must be a mention or a user ID/,
      );
    },
  );

  it('ends at the guild: an admin of one neither sees nor sets another’s', async () => {
    const zoe = testActor('30', { guild: 'discord:2', isAdmin: true });
    expect(await limits({ guild: 'discord:1' }, zoe)).toMatch(/Only the operator/);
    expect(await limits({ guild: 'discord:1', limit: 'requests-per-day', to: '0' }, zoe)).toMatch(
      /Only the operator/,
    );
    await limits({ limit: 'requests-per-day', to: '0' }, zoe);
    expect(await ask()).toBe('Yes.');
    expect(await ask(testActor('10', { guild: 'discord:2' }))).toMatch(/reached \(0 requests\)/);
  });

  it('lets an operator set any, loosen and lift it, in any place', async () => {
    const far = { limit: 'requests-per-day', guild: 'discord:2' };
    expect(await limits({ ...far, to: '5,000' }, olga)).toMatch(
      /day`\): \*\*5,000 requests\*\* \(set by the operator\)/,
    );
    expect(await limits({ ...far, to: 'none' }, olga)).toMatch(
      /day`\): \*\*no limit\*\* \(set by the operator\)/,
    );
    expect(await limits({ ...far, to: 'default' }, olga)).toMatch(/day`\): \*\*100 requests\*\* ·/);
    expect(await limits({}, ada)).not.toMatch(/set by/);
    expect(await limits({ ...far, guild: 'nowhere', to: '1' }, olga)).toMatch(/Unknown server/);
  });

  it('set by an operator who is an admin of the place binds what its own API keys pay, too', async () => {
    const olgaHere = testActor('olga', { isAdmin: true });
    const inForce = async (payer: 'operator' | 'guild') => {
      const whose = { guild: 'discord:1', user: '10', groups: mia.groups, payer } as const;
      return (await bot.services.limits.limitsFor(whose, 'free')).requestsPerUserPerDay;
    };
    const both = async () => [await inForce('operator'), await inForce('guild')];
    await limits({ limit: 'requests-per-day', to: '5' }, olga);
    expect(await both()).toEqual([5, null]);
    await limits({ limit: 'requests-per-day', to: '500' }, olgaHere);
    expect(await both()).toEqual([500, 500]);
    await limits({ limit: 'requests-per-day', to: 'none' }, olgaHere);
    expect(await both()).toEqual([null, null]);
    await limits({ limit: 'requests-per-day', to: 'default' }, olgaHere);
    expect(await both()).toEqual([100, null]);
    await limits({ guild: 'discord:2', limit: 'requests-per-day', to: '7' }, olgaHere);
    const { operator, guild } = await bot.services.limits.rules('discord:2');
    expect({ operator, guild }).toEqual({ operator: { requestsPerUserPerDay: 7 }, guild: {} });
  });

  it('keeps the operator of the playground in the playground', async () => {
    const otto = testActor('otto', { guild: 'web:local' });
    expect(await limits({ guild: 'discord:1', limit: 'requests-per-day', to: '1' }, otto)).toMatch(
      /not reachable from here/,
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
    ['dollars-per-day', '1000000.01', /maximum is \$1,000,000/],
    ['requests-per-day', '$5', /counts requests, not dollars/],
    ['requests-per-day', '5 USD', /counts requests, not dollars/],
    ['requests-per-day', '2.5', /whole number/],
    ['requests-per-day', 'many', /whole number/],
    ['requests-per-day', '1000001', /maximum is 1,000,000 requests/],
  ])('refuses %s of %s in words that help', async (limit, to, words) => {
    expect(await limits({ limit, to }, ada)).toMatch(words);
    expect(await limits({}, ada)).not.toMatch(/set by/);
  });

  it.each([
    ['dollars-per-day', '\\$1,000,000.00'],
    ['requests-per-day', '1,000,000 requests'],
  ])('takes the maximum of %s', async (limit, shown) => {
    expect(await limits({ limit, to: '1,000,000' }, olga)).toMatch(new RegExp(`\\*\\*${shown}\\*\\*`));
  });

  it('asks for what is missing', async () => {
    expect(await limits({ limit: 'requests-per-day' }, ada)).toMatch(/Add the new value in `to`/);
    expect(await limits({ to: '5' }, ada)).toMatch(
      /Choose which `limit` to set: `requests-per-minute`, .*-month`\./,
    );
  });

  it('notes each change, with who made it, from what to what', async () => {
    await limits({ limit: 'requests-per-day', to: '5' }, ada);
    await limits({ limit: 'requests-per-day', to: '5' }, ada);
    await limits({ limit: 'dollars-per-day', to: '0.01', user: '10' }, ada);
    await limits({ limit: 'requests-per-day', to: 'default' }, ada);
    await limits({ limit: 'all-dollars-per-day', to: 'none' }, olga);
    const entries = await collect(createAuditLog(bot.store.records).query({}));
    expect(entries.map(({ guild, by, action, from, to }) => [guild, by, action, from, to])).toEqual([
      ['discord:1', 'discord:olga', 'limits.change', null, 'all-dollars-per-day by the operator: none'],
      ['discord:1', 'discord:20', 'limits.change', 'requests-per-day for everybody: 5 requests', null],
      ['discord:1', 'discord:20', 'limits.change', null, 'dollars-per-day for user 10: $0.01'],
      ['discord:1', 'discord:20', 'limits.change', null, 'requests-per-day for everybody: 5 requests'],
    ]);
  });
});
