import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuditLog } from '../../../src/core/access/audit.ts';
import { mostInWords, personalRules, readRule, tooManyRules } from '../../../src/core/ledger/rule-words.ts';
import { createLimitRules, type LimitRules } from '../../../src/core/ledger/rules.ts';
import type { GuildId } from '../../../src/core/ports/actor.ts';
import { type LimitsConfig, limitsSchema, UNLIMITED_GUILD } from '../../../src/core/ports/limits.ts';
import type { Store } from '../../../src/core/ports/store.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { valuesOf } from '../../support/changes.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const config = limitsSchema.parse(undefined);
const groups = async () => [];
const mia = { guild: 'discord:1', user: 'mia', payer: 'operator', groups } as const;

describe('a rule that an operator writes', () => {
  const nothing = { limit: undefined, amount: undefined, user: undefined, role: undefined };
  const perDay = { limit: 'requests-per-day' };

  it.each([
    ['of all in a guild', { ...perDay, amount: '1,000' }, 'operator', 1_000],
    ['of a person', { ...perDay, amount: '20', user: '<@42>' }, { user: '42' }, 20],
    ['of a role', { ...perDay, amount: '20', role: '<@&7>' }, { group: '7' }, 20],
    ['without a limit', { ...perDay, amount: 'none' }, 'operator', null],
    ['that is taken back', { ...perDay, amount: 'default', user: '42' }, { user: '42' }, undefined],
  ] as const)('is one %s', (_, written, layer, most) => {
    expect(readRule('discord:1', { ...nothing, ...written })).toEqual({
      ok: true,
      layer,
      limit: 'requestsPerUserPerDay',
      most,
    });
  });

  it.each([
    [{ amount: '5' }, /^The limit is missing\. Use requests-per-minute, /],
    [{ limit: 'many', amount: '5' }, /^"many" is not a limit\. Use requests-per-minute, /],
    [{ ...perDay, amount: '5', user: '42', role: '7' }, /^Give a person or a role, not both\.$/],
    [{ ...perDay, amount: '5', user: 'Mia' }, /^"Mia" is not the id of a person there\.$/],
    [{ ...perDay, amount: '5', role: 'Devs' }, /^"Devs" is not the id of a role there\.$/],
    [
      { limit: 'all-dollars-per-day', amount: '5', user: '42' },
      /^all-dollars-per-day applies to everyone together/,
    ],
    [{ ...perDay }, /^The amount is missing\./],
    [{ ...perDay, amount: '' }, /^The amount is missing\./],
    [{ ...perDay, amount: 'none', user: '42' }, /^none can only remove a limit of a whole guild\./],
    [{ ...perDay, amount: 'many' }, /^The amount must be a whole number of requests, such as 20\.$/],
  ])('is refused in words that help: %j', (written, problem) => {
    expect(readRule('discord:1', { ...nothing, ...written })).toEqual({
      ok: false,
      problem: expect.stringMatching(problem),
    });
  });
});

it.each([
  [undefined, ''],
  [null, 'none'],
  [20, '20 requests'],
])('a limit of %s is shown as %j', (most, words) => {
  expect(mostInWords('requestsPerUserPerDay', most)).toBe(words);
});

it('who has limits of their own already is said in words of the platform', () => {
  const sentence = (group: string) =>
    `At most 200 people and 50 ${group} per guild can have limits of their own. Remove one with default.`;
  expect(tooManyRules('discord:1')).toBe(sentence('roles'));
  expect(tooManyRules('slack:T1')).toBe(sentence('user groups'));
});

it('the limits of people and roles are listed by person, then by role, each with its amount', () => {
  const rules = {
    operator: {},
    guild: { requestsPerUserPerDay: 9 },
    users: { '42': { requestsPerUserPerDay: 5, nanoUsdPerUserPerDay: 50_000_000 } },
    groups: { '7': { requestsPerUserPerDay: 0 } },
  };
  expect(personalRules('discord:1', rules)).toEqual([
    { who: 'person 42', limit: 'requestsPerUserPerDay', most: '5 requests' },
    { who: 'person 42', limit: 'nanoUsdPerUserPerDay', most: '$0.05' },
    { who: 'role 7', limit: 'requestsPerUserPerDay', most: '0 requests' },
  ]);
});

describe('limit rules', () => {
  const clock = createFakeClock();
  const log = pino({ level: 'silent' });
  let store: Store;

  beforeEach(async () => {
    store = await openStore('memory:', { clock, log });
  });
  afterEach(() => store.close());

  /** As another process has them, each time. */
  function rulesOf(tiers: LimitsConfig | null = config): LimitRules {
    return createLimitRules({ store: { ...store }, config: tiers, clock });
  }
  const change = { guild: 'discord:1', limit: 'requestsPerUserPerDay', by: 'discord:ada' } as const;

  it('are the tier’s where nobody set any, and none for what a guild pays itself', async () => {
    expect(await rulesOf().limitsFor(mia, 'premium')).toEqual(config.tiers.premium);
    expect(await rulesOf().limitsFor({ ...mia, payer: 'guild' }, 'premium')).toEqual(UNLIMITED_GUILD);
  });

  it('of somebody from elsewhere are those of their tier, beside what all in the guild may spend', async () => {
    const { premium, free } = config.tiers;
    const rules = rulesOf();
    const limits = await rules.limitsBy(await rules.rulesInForce('discord:1'), mia, 'free', 'premium');
    expect(limits.requestsPerUserPerDay).toBe(free.requestsPerUserPerDay);
    expect(limits.nanoUsdPerGuildPerDay).toBe(premium.nanoUsdPerGuildPerDay);
    expect(free).not.toEqual(premium);
  });

  it('of the operator stand in the place of the tier’s; those of admins tighten them, whoever pays', async () => {
    const rules = rulesOf();
    await rules.change({ ...change, layer: 'operator', most: 1_000 });
    expect((await rules.limitsFor(mia, 'free')).requestsPerUserPerDay).toBe(1_000);
    await rules.change({ ...change, layer: 'guild', most: 20 });
    await rules.change({ ...change, layer: { user: 'mia' }, most: 10 });
    await rules.change({ ...change, layer: { user: 'ben' }, most: 30 });
    const of = async (user: string, payer: 'operator' | 'guild') =>
      (await rules.limitsFor({ ...mia, user, payer }, 'free')).requestsPerUserPerDay;
    expect([await of('mia', 'operator'), await of('ben', 'operator'), await of('zoe', 'operator')]).toEqual([
      10, 20, 20,
    ]);
    expect([await of('mia', 'guild'), await of('zoe', 'guild')]).toEqual([10, 20]);
  });

  it('lose no change of many that two processes make at once, nor its entry in the log', async () => {
    const processes = [rulesOf(), rulesOf()];
    const people = Array.from({ length: 20 }, (_, index) => `user-${index}`);
    const changing = people.map((user, index) =>
      processes[index % 2]?.change({ ...change, layer: { user }, most: index }),
    );
    await clock.advance(60_000);
    await Promise.all(changing);
    const { users } = await rulesOf().rules('discord:1');
    expect(users).toEqual(
      Object.fromEntries(people.map((user, most) => [user, { requestsPerUserPerDay: most }])),
    );
    const entries = await Array.fromAsync(createAuditLog(store.records).query({}));
    expect(entries.map(({ to }) => to).toSorted()).toEqual(
      people
        .map((user, most) => `requests-per-day for user ${user}: ${most} request${most === 1 ? '' : 's'}`)
        .toSorted(),
    );
  });

  it('note each of two changes of one limit at once, one from what the other made', async () => {
    const changing = [1, 2].map((most) => rulesOf().change({ ...change, layer: 'guild', most }));
    await clock.advance(60_000);
    await Promise.all(changing);
    const [second, first] = await Array.fromAsync(createAuditLog(store.records).query({}));
    expect(first?.from).toBeNull();
    expect(second?.from).toBe(first?.to);
  });

  it('of their own have 200 people and 50 groups at most; those who have them can be limited anew', async () => {
    const rules = rulesOf();
    for (let index = 0; index < 200; index++) {
      await rules.change({ ...change, layer: { user: `user-${index}` }, most: 1 });
    }
    expect(await rules.change({ ...change, layer: { user: 'one more' }, most: 1 })).toBe(false);
    expect(await rules.change({ ...change, layer: { user: 'user-0' }, most: 2 })).toBe(true);
    expect(await rules.change({ ...change, layer: { user: 'user-0' }, most: undefined })).toBe(true);
    expect(await rules.change({ ...change, layer: { user: 'one more' }, most: 1 })).toBe(true);
    for (let index = 0; index < 50; index++) {
      await rules.change({ ...change, layer: { group: `group-${index}` }, most: 1 });
    }
    expect(await rules.change({ ...change, layer: { group: 'one more' }, most: 1 })).toBe(false);
  });

  it('are noted with who set which for whom, from what to what', async () => {
    const rules = rulesOf();
    await rules.change({ ...change, layer: 'operator', most: 7 });
    await rules.change({ ...change, layer: 'operator', most: 7 });
    await rules.change({ ...change, layer: 'operator', most: null });
    await rules.change({ ...change, layer: 'operator', most: undefined });
    await rules.change({ ...change, layer: 'operator', most: undefined });
    await rules.change({ ...change, limit: 'nanoUsdPerGuildPerDay', layer: 'guild', most: 5e9 });
    await rules.change({ ...change, layer: { user: 'mia' }, most: 1 });
    await rules.change({ ...change, layer: { group: '77' }, most: 0 });
    const entries = await Array.fromAsync(createAuditLog(store.records).query({}));
    const facts = {
      guild: 'discord:1',
      by: 'discord:ada',
      atMs: clock.now(),
      action: 'limits.change',
      reason: '',
    };
    const perDay = 'requests-per-day';
    expect(entries.toReversed()).toEqual(
      [
        [null, `${perDay} by the operator: 7 requests`],
        [`${perDay} by the operator: 7 requests`, `${perDay} by the operator: none`],
        [`${perDay} by the operator: none`, null],
        [null, 'all-dollars-per-day for everybody: $5.00'],
        [null, `${perDay} for user mia: 1 request`],
        [null, `${perDay} for role 77: 0 requests`],
      ].map(([from, to]) => ({ ...facts, from, to })),
    );
  });

  it('are kept for the next process, and gone when they are taken back', async () => {
    await rulesOf().change({ ...change, layer: { user: 'mia' }, most: 10 });
    expect((await rulesOf().limitsFor(mia, 'free')).requestsPerUserPerDay).toBe(10);
    await rulesOf().change({ ...change, layer: { user: 'mia' }, most: undefined });
    expect(await rulesOf().rules('discord:1')).toEqual({
      operator: {},
      guild: {},
      users: {},
      groups: {},
    });
  });

  it('of groups limit each person in them: of all that applies the tightest counts, of each limit', async () => {
    const rules = rulesOf();
    const minute = { ...change, limit: 'requestsPerUserPerMinute' } as const;
    await rules.change({ ...change, layer: 'guild', most: 50 });
    await rules.change({ ...change, layer: { group: 'interns' }, most: 20 });
    await rules.change({ ...change, layer: { group: 'guests' }, most: 30 });
    await rules.change({ ...minute, layer: { group: 'guests' }, most: 1 });
    await rules.change({ ...change, layer: { user: 'zoe' }, most: 5 });
    const of = async (ids: readonly string[] | null, user = 'mia', guild: GuildId = 'discord:1') => {
      const whose = { ...mia, user, guild, groups: async () => ids };
      const limits = await rules.limitsFor(whose, 'premium');
      return [limits.requestsPerUserPerDay, limits.requestsPerUserPerMinute];
    };
    expect(await of(['interns', 'guests', 'others'])).toEqual([20, 1]);
    expect(await of(['guests'])).toEqual([30, 1]);
    expect(await of(['others'])).toEqual([50, 10]);
    expect(await of(['guests'], 'zoe')).toEqual([5, 1]);
    // The same group's id in another guild means nothing.
    expect(await of(['interns'], 'mia', 'discord:2')).toEqual([300, 10]);
    // If the platform does not say, people count as in all of them.
    expect(await of(null)).toEqual([20, 1]);
  });

  it('ask for groups only where one has limits', async () => {
    const rules = rulesOf();
    let asked = 0;
    const whose = {
      ...mia,
      groups: async () => {
        asked++;
        return [];
      },
    };
    await rules.change({ ...change, layer: 'guild', most: 50 });
    await rules.limitsFor(whose, 'premium');
    await rulesOf(null).limitsFor(whose, 'premium');
    expect(asked).toBe(0);
    await rules.change({ ...change, layer: { group: 'interns' }, most: 20 });
    await rules.limitsFor(whose, 'premium');
    expect(asked).toBe(1);
    await rules.change({ ...change, layer: { group: 'interns' }, most: undefined });
    await rules.limitsFor(whose, 'premium');
    expect(asked).toBe(1);
  });

  it('of a version that knew of no groups keep their meaning, and take those of groups', async () => {
    const old = {
      operator: {},
      guild: { requestsPerUserPerDay: 20 },
      users: { mia: { requestsPerUserPerDay: 10 } },
    };
    await valuesOf(store, 'limits').set('discord:1', { version: 1, value: old });
    const rules = rulesOf();
    const of = async (user: string) =>
      (await rules.limitsFor({ ...mia, user, groups: async () => ['interns'] }, 'premium'))
        .requestsPerUserPerDay;
    expect([await of('mia'), await of('zoe')]).toEqual([10, 20]);
    await rules.change({ ...change, layer: { group: 'interns' }, most: 5 });
    expect([await of('mia'), await of('zoe')]).toEqual([5, 5]);
    expect(await rulesOf().rules('discord:1')).toEqual({
      ...old,
      groups: { interns: { requestsPerUserPerDay: 5 } },
    });
  });

  it('know people by any name', async () => {
    const limits = await rulesOf().limitsFor({ ...mia, user: 'constructor' }, 'free');
    expect(limits).toEqual(config.tiers.free);
  });

  it('count for nothing where all limits are off', async () => {
    await rulesOf().change({ ...change, layer: 'guild', most: 1 });
    expect(await rulesOf(null).limitsFor(mia, 'free')).toEqual(UNLIMITED_GUILD);
  });
});
