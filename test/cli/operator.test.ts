import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { createAuditLog } from '../../src/core/access/audit.ts';
import { createGuildNames } from '../../src/core/access/guild-names.ts';
import { MAX_LISTED } from '../../src/core/access/lists.ts';
import { createOutcomeLog, DIRECT_MESSAGES } from '../../src/core/conversations/outcomes.ts';
import { systemClock } from '../../src/core/kit/time/clock.ts';
import { VERSION } from '../../src/core/kit/version.ts';
import { limitsSchema } from '../../src/core/ports/limits.ts';
import { openStore } from '../../src/store/open-store.ts';
import { createTestBot, invocationOf, testActor } from '../support/test-bot.ts';

const log = pino({ level: 'silent' });

/** A bot's store, closed: it answered one question of Mia's and one of Ben's, in a guild with a name. */
const used = mkdtempSync(join(tmpdir(), 'parley-'));
let folder: string;
let variables: Record<string, string>;

beforeAll(async () => {
  const store = await openStore(`sqlite:${join(used, 'parley.db')}`, { clock: systemClock, log });
  await createGuildNames(store).keep(new Map([['discord:1', 'Schach 囲碁\u001b[2J']]));
  const bot = await createTestBot({ store, defaultTier: 'premium' });
  for (const name of ['42', '43']) {
    bot.provider.answer('Yes.', { prompt_tokens: 10, completion_tokens: 2, cost: 0.01 });
    const options = { prompt: `A question of ${name}’s`, model: 'openai/gpt-4o-mini' };
    await bot.dispatch.command(invocationOf('ask', options, { actor: testActor(name) }));
  }
  await bot.close();
  await store.close();
});
afterAll(() => rmSync(used, { recursive: true }));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
  cpSync(used, folder, { recursive: true });
  variables = { STORE_URL: `sqlite:${join(folder, 'parley.db')}` };
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => runCli(args, async () => ({ variables, inFile: new Set() }));

async function output(...args: string[]): Promise<string> {
  const { code, output, errors } = await run(...args);
  expect([code, errors]).toEqual([0, '']);
  return output;
}
const json = async (...args: string[]) => JSON.parse(await output(...args, '--json'));

describe('the command line of an operator', () => {
  it('says which Parley this is', async () => {
    expect(await output('--version')).toBe(`${VERSION}\n`);
    expect(await json('--version')).toMatchObject({ version: VERSION });
  });

  it('lists guilds with name, tier and use, and no character that steers a terminal', async () => {
    await output('tier', 'grant', 'slack:T1', 'openai', '--reason', 'friends');
    const text = await output('guilds');
    expect(text).toMatch(/^Guild +Name +Tier +Requests, 30 days +Cost +Last used\n/);
    expect(text).toMatch(/\ndiscord:1 +Schach 囲碁 \[2J +free +2 +\$0\.02 +\d{4}-\d\d-\d\d\n/);
    expect(text).toMatch(/\nslack:T1 +openai +0 +\$0 +-\n/);
    expect(await json('guilds')).toMatchObject([
      { guild: 'discord:1', tier: 'free', requests: 2, costNanoUsd: 20_000_000 },
      { guild: 'slack:T1', name: null, tier: 'openai', requests: 0, lastDay: null },
    ]);
  });

  it('lists the guilds that have more than the default tier', async () => {
    expect(await output('tier', 'list')).toBe('Every guild has the default tier, free.\n');
    await output('tier', 'grant', 'discord:1', 'premium', '--until', '2999-01-01');
    expect(await output('tier', 'list')).toMatch(
      /^Guild .*\ndiscord:1 +Schach .* premium +premium: given by the operator until 2999-01-01/,
    );
    expect(await json('tier', 'list')).toMatchObject([
      { guild: 'discord:1', name: expect.stringContaining('Schach'), tier: 'premium' },
    ]);
  });

  it('sets limits as the operator, for one person too, and takes them back', async () => {
    const set = await output('limits', 'set', 'discord:1', 'all-dollars-per-day', '7.50');
    expect(set).toMatch(/\nall-dollars-per-day +\$7\.50 +\$7\.50\n/);
    expect(await json('limits', 'set', 'discord:1', 'requests-per-day', '3', '--user', '42')).toMatchObject({
      set: { users: { 42: { requestsPerUserPerDay: 3 } } },
    });
    expect(await output('limits', 'show', 'discord:1')).toMatch(
      /\nperson 42 +requests-per-day +3 requests\n/,
    );
    expect(await output('limits', 'set', 'discord:1', 'all-dollars-per-day', 'default')).not.toContain(
      '$7.50',
    );
    expect(await json('audit', 'discord:1')).toMatchObject([
      { action: 'limits.change', to: null },
      { action: 'limits.change', by: expect.stringMatching(/^command line/) },
      { action: 'limits.change' },
    ]);
  });

  it('keeps lists of who may use the bot, and notes changes', async () => {
    expect(await output('access', 'show', 'discord:1')).toBe(
      'Everybody in discord:1 may use the bot, in all channels.\n',
    );
    await output('access', 'allow', 'discord:1', '--role', '<@&100>');
    await output('access', 'allow', 'discord:1', '--channel', '<#7>');
    expect(await output('access', 'deny', 'discord:1', '--user', '42')).toBe(
      'List   Person, role or channel\nallow  role 100\nallow  channel 7\ndeny   person 42\n',
    );
    expect(await json('access', 'neither', 'discord:1', '--channel', '7')).toEqual({
      guild: 'discord:1',
      lists: {
        allow: { users: [], groups: ['100'], channels: [] },
        deny: { users: ['42'], groups: [], channels: [] },
      },
    });
    const by = expect.stringMatching(/^command line/);
    expect((await json('audit', 'discord:1')).slice(0, 2)).toMatchObject([
      { action: 'access.change', by, from: 'allow channel 7', to: null },
      { action: 'access.change', by, from: null, to: 'deny person 42' },
    ]);
  });

  it.each([
    [['access', 'ban', 'discord:1'], /^access has no action "ban"\. Use show, allow, deny or neither/],
    [['access', 'deny', 'discord:1'], /^Give one of --user, --role and --channel/],
    [['access', 'deny', 'discord:1', '--user', '1', '--role', '2'], /^Give one of --user/],
    [['access', 'deny', 'discord:1', '--user', 'Mia'], /^--user must be a mention or a user ID/],
    [['access', 'deny', 'discord:dm:1', '--role', '2'], /^There are no roles here/],
    [['access', 'show', 'discord:1', '--user', '1'], /^--user cannot be used here/],
    [['limits'], /^The action is missing\. Use show or set/],
    [['limits', 'set', 'discord:1', 'speed', '3'], /^"speed" is not a limit\. Use /],
    [['limits', 'set', 'discord:1', 'all-dollars-per-day', '3', '--user', '42'], /not to one person/],
    [['limits', 'set', 'discord:1', 'requests-per-day', 'much'], /^The amount must be a whole number/],
    [['limits', 'show', 'discord:1', '--user', '42'], /^--user cannot be used here/],
    [
      ['forget', 'discord:1', '42'],
      /^This deletes all questions of 42 in discord:1, their answers and costs for good\. Confirm with --yes/,
    ],
    [['forget', 'discord:1'], /^This deletes all conversations, choices and costs of discord:1 for good\./],
    [['export', 'discord:1'], /^The person's id is missing/],
    [['tier', 'list', 'discord:1'], /^"discord:1" is one argument too many/],
    [['tier', 'list', '--until', '2999-01-01'], /^--until cannot be used here/],
    [['tier', 'show', 'discord:1', '--reason', 'x'], /^--reason cannot be used here/],
    [['tier', 'revoke', 'discord:1', '--until', '2999-01-01'], /^--until cannot be used here/],
    [['tier', 'grant', 'discord:1'], /^The tier is missing\. Use free, /],
    [['tier', 'grant', 'discord:1', 'gold'], /^"gold" is not a tier\. Use free, /],
    [['tier', 'grant', 'discord:1', 'premium', '--until', '2001-01-01'], /is in the past/],
    [['tier', 'grant'], /^The guild is missing\. Write /],
    [['tier', 'show', 'irc:1'], /^"irc:1" is not a guild\. Write /],
    [['tier', 'show', 'discord:1', 'premium'], /^"premium" is one argument too many/],
    [['export', 'discord:1', 'Mia'], /^"Mia" is not the id of a person there/],
    [['audit', '--limit', '0'], /^--limit must be a whole number of at least 1/],
    [['audit', '--limit', '1.5'], /^--limit must be a whole number of at least 1/],
    [['answers', 'discord:1'], /^"discord:1" is one argument too many/],
    [['resume', 'now'], /^"now" is one argument too many/],
    [['guilds', 'discord:1'], /^"discord:1" is one argument too many/],
    [['unsettled', 'discord:1', '42'], /^"42" is one argument too many/],
    [['stop', 'an-id', '--all'], /^Name an answer from the list of `answers`, or use --all/],
    [['outcomes', '--days', '10000'], /^--days must be a whole number from 1 to 9999/],
    [['doctor', '--yes'], /^--yes is only for --live/],
    [['backup'], /^The file to write is missing/],
    [['restore'], /^The file to restore is missing/],
    [['forget', 'discord:1', '--now'], /^Unknown option '--now'\.\n/],
    [['nothing'], /^There is no command "nothing"\./],
  ])('refuses %j', async (args, words) => {
    const { code, errors } = await run(...args);
    expect(code).toBe(2);
    expect(errors).toMatch(words);
  });

  it.each([
    'access show discord:1',
    'audit discord:1',
    'backup a-file',
    'doctor',
    'export discord:1 42 a-file',
    'forget discord:1 42',
    'limits set discord:1 requests-per-day 3',
    'limits show discord:1',
    'outcomes discord:1',
    'pause Later',
    'restore a-file',
    'setup',
    'stop an-id',
    'tier grant discord:1 premium',
    'tier revoke discord:1',
    'usage discord:1',
  ])('refuses a word too many behind: %s', async (words) => {
    const { code, errors } = await run(...words.split(' '), 'surplus');
    expect([code, errors]).toEqual([2, expect.stringMatching(/^"surplus" is one argument too many/)]);
  });

  it('exports what is stored about a person, for that person’s eyes', async () => {
    expect(await json('export', 'discord:1', '42')).toMatchObject({
      turns: [{ question: 'A question of 42’s' }],
      requests: [{ userName: '42' }],
    });
    const file = join(folder, 'mia.json');
    expect(await output('export', 'discord:1', '42', file)).toMatch(
      /^Wrote 1 question with its answer and 1 cost of a request to /,
    );
    expect(readFileSync(file, 'utf8')).not.toContain('of 43’s');
    expect(statSync(file).mode & 0o077).toBe(0);
    expect((await run('export', 'discord:1', '42', file)).errors).toMatch(/already exists/);
    const nowhere = join(folder, 'nowhere', 'mia.json');
    expect((await run('export', 'discord:1', '42', nowhere)).errors).toMatch(/cannot be written: /);
  });

  it('forgets a person, then all of a guild', async () => {
    expect(await json('forget', 'discord:1', '42', '--yes')).toMatchObject({ remembered: 1, requests: 1 });
    expect((await json('export', 'discord:1', '42')).turns).toEqual([]);
    expect((await json('export', 'discord:1', '43')).turns).toHaveLength(1);
    expect(await output('forget', 'discord:1', '--yes')).toMatch(/^Deleted all conversations/);
    expect((await json('export', 'discord:1', '43')).turns).toEqual([]);
    expect(await json('audit', 'discord:1')).toMatchObject([{ action: 'guild.forget' }]);
  });

  it('lists answers that another process writes, waits for their end, and stops them', async () => {
    const store = await openStore(variables['STORE_URL'] ?? '', { clock: systemClock, log });
    const bot = await createTestBot({ store, defaultTier: 'premium' });
    expect(await output('answers')).toBe('No answer is in progress.\n');
    const live = bot.provider.live();
    const options = { prompt: 'A long story', model: 'openai/gpt-4o-mini' };
    const asked = invocationOf('ask', options, { actor: testActor('42') });
    const answered = bot.dispatch.command(asked);
    await live.request;
    await live.text('Once upon a time');
    await expect
      .poll(() => json('answers'))
      .toMatchObject([
        { guild: 'discord:1', user: '42', model: 'openai/gpt-4o-mini', chars: 16, isEnding: false },
      ]);
    expect(await output('answers')).toMatch(/Schach 囲碁 .* {2}42 +openai\/gpt-4o-mini /);
    expect((await run('stop', 'unknown')).code).toBe(1);
    expect((await run('stop')).code).toBe(2);
    let isDrained = false;
    const drained = output('pause', '--wait').finally(() => {
      isDrained = true;
    });
    expect(await output('stop', '--all')).toMatch(/^1 answer stops within a second/);
    expect(isDrained).toBe(false);
    await answered;
    expect(asked.surface.shown?.note).toBe('Stopped by the operator.');
    expect(await drained).toContain('no answer is in progress any more');
    const by = expect.stringMatching(/^command line/);
    expect(await json('audit')).toMatchObject(
      expect.arrayContaining(
        [
          { action: 'answer.stop', guild: 'discord:1', by, from: 'the answer to 42', to: null },
          { action: 'pause.begin', by, from: null, to: 'a pause without a text' },
        ].map((entry) => expect.objectContaining(entry)),
      ),
    );
    await output('resume');
    expect(await output('audit', '--limit', '1')).toMatch(/, command line .*, pause\.end of all guilds: /);
    await bot.close();
    await store.close();
  });

  it('lists what is not settled', async () => {
    expect(await output('unsettled')).toBe('Everything is settled.\n');
    const store = await openStore(variables['STORE_URL'] ?? '', { clock: systemClock, log });
    await store.ledger.reserve({
      id: 'left',
      draws: [],
      reserved: { nanoUsd: 20_000_000, setAsideNanoUsd: 20_000_000, requests: 1, attempts: 1 },
      entry: {
        guild: 'discord:1',
        user: '42',
        model: 'openai/gpt-4o',
        provider: 'openrouter',
        payer: 'operator',
      },
      madeAtMs: Date.now(),
      owner: 'a dead process',
      leaseUntilMs: 0,
    });
    await store.close();
    expect(await output('unsettled')).toMatch(
      /Schach .* 42 +request +openai\/gpt-4o +\$0\.02 +left by a process that died/,
    );
    expect(await json('unsettled', 'discord:1')).toMatchObject([
      { id: 'left', nanoUsd: 20_000_000, isLeft: true },
    ]);
    expect(await json('unsettled', 'slack:T1')).toEqual([]);
  });

  it('copies the store to a file that is not there, and puts it back', async () => {
    const copy = join(folder, 'copy.db');
    expect(await output('backup', copy)).toMatch(/^Copied the store to .*copy\.db \(0\.\d MB\)\.\n$/);
    await output('tier', 'grant', 'discord:1', 'premium');
    expect(await run('backup', copy)).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/copy\.db already exists\.\nName another file/),
    });
    expect((await run('backup', join(folder, 'nowhere', 'copy.db'))).errors).toMatch(/^There is no folder /);
    const later = join(folder, 'later.db');
    variables['ENCRYPTION_KEY'] = randomBytes(32).toString('base64');
    expect(await output('backup', later)).toMatch(/\nKeep a copy of ENCRYPTION_KEY elsewhere\./);
    expect(await json('backup', later, '--force')).toEqual({ file: later, bytes: statSync(later).size });
    expect(await json('tier', 'show', 'discord:1')).toMatchObject({ tier: 'premium' });
    const holder = await openStore(variables['STORE_URL'] ?? '', { clock: systemClock, log });
    expect((await run('restore', copy)).errors).toMatch(
      /^Nothing was restored: a process has the store .* open/,
    );
    await holder.close();
    const restored = await output('restore', copy);
    expect(restored).toMatch(
      /^Restored .*parley\.db\.\nThe previous store is in (.*)\.\nStart Parley with the ENCRYPTION_KEY/,
    );
    const kept = /previous store is in (.*)\.\n/.exec(restored)?.[1] ?? '';
    expect(existsSync(kept)).toBe(true);
    expect(await json('tier', 'show', 'discord:1')).toMatchObject({ tier: 'free' });
    rmSync(join(folder, 'parley.db'));
    expect(await json('restore', later)).toMatchObject({ kept: null });
    expect(await json('tier', 'show', 'discord:1')).toMatchObject({ tier: 'premium' });
    variables['STORE_URL'] = 'redis://127.0.0.1:1';
    expect((await run('restore', copy)).errors).toMatch(
      /^The store is in Redis, which makes its own backups/,
    );
  });

  it('shows how answers ended, those of most answers first, and how long people waited', async () => {
    const empty = await output('outcomes', '--days', '1');
    expect(empty).toMatch(/openai\/gpt-4o-mini +2 /);
    const store = await openStore(variables['STORE_URL'] ?? '', { clock: systemClock, log });
    const outcomes = createOutcomeLog(store.records);
    const counts = { provider: 'openrouter', failures: {}, firstTextMs: [] };
    const times = Array.from({ length: 100 }, (_, index) => (index + 1) * 1_000);
    await outcomes.append('slack:T1', Date.now(), [
      { ...counts, model: 'maker/few', answers: 1 },
      { ...counts, model: 'maker/many', answers: 100, failures: { no_credit: 3 }, firstTextMs: times },
    ]);
    await outcomes.append(DIRECT_MESSAGES, Date.now(), [{ ...counts, model: 'maker/few', answers: 4 }]);
    await store.close();
    const text = await output('outcomes');
    expect(text).toMatch(/^Model +Answers +Failed +First text, median +95 of 100\n/);
    expect(text).toMatch(
      /\nmaker\/many +100 +3 of 100 \(no_credit 3\) +50 s +1 min 35 s\nmaker\/few +5 .* - +-\n/,
    );
    expect(text).toMatch(/\nslack:T1 +101 [\s\S]*\ndirect messages +4 [\s\S]*\nSchach 囲碁/);
    expect(await output('outcomes', 'slack:T2')).toMatch(/^No answers since \d{4}-\d\d-\d\d\.\n$/);
    expect(await json('outcomes', 'slack:T1')).toHaveLength(2);
  });

  it('says that lists and limits are full, and that limits are off', async () => {
    const store = await openStore(variables['STORE_URL'] ?? '', { clock: systemClock, log });
    const bot = await createTestBot({ store, limits: limitsSchema.parse({}) });
    for (let id = 1; id <= MAX_LISTED; id++) {
      const entry = { kind: 'channels', id: `${id}` } as const;
      await bot.services.settings.changeAccess({ guild: 'discord:1', ...entry, to: 'deny', by: 'test' });
    }
    let isRoom = true;
    for (let id = 1; isRoom && id < 1_000; id++) {
      const layer = { group: `${id}` };
      isRoom = await bot.services.limits.change({
        guild: 'discord:1',
        layer,
        limit: 'requestsPerUserPerDay',
        most: 3,
        by: 'test',
      });
    }
    await bot.close();
    await store.close();
    expect(await run('access', 'deny', 'discord:1', '--channel', '7777')).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/^The list is full: .*\nRemove an entry first/),
    });
    const more = ['limits', 'set', 'discord:1', 'requests-per-day', '3', '--role', '7777'];
    expect((await run(...more)).errors).toMatch(/^At most \d+ people/);
    variables['LIMITS'] = 'off';
    expect((await run(...more)).errors).toMatch(/^LIMITS=off turns all limits off/);
    expect(await output('limits', 'show', 'discord:1')).toBe(
      'There are no limits: LIMITS=off turns them off.\n',
    );
    expect(await json('limits', 'show', 'discord:1')).toMatchObject({ isOn: false });
  });

  it('shows the newest 50 changes', async () => {
    for (const tier of ['openai', 'premium']) await output('tier', 'grant', 'slack:T1', tier);
    const store = await openStore(variables['STORE_URL'] ?? '', { clock: systemClock, log });
    const audit = createAuditLog(store.records);
    for (let index = 1; index <= 50; index++) {
      await audit.append({
        guild: 'discord:1',
        by: 'test',
        atMs: Date.now() + index,
        action: 'tier.grant',
        from: null,
        to: `change ${index}.`,
        reason: '',
      });
    }
    await store.close();
    const lines = (await output('audit')).trim().split('\n');
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([
      50,
      expect.stringContaining('change 50.'),
      expect.stringContaining('change 1.'),
    ]);
    expect((await output('audit', 'slack:T1')).trim().split('\n')).toHaveLength(2);
    expect(await json('audit', '--limit', '52')).toHaveLength(52);
  });

  it('pauses with a text for people, and resumes', async () => {
    expect(await output('resume')).toBe('The bot was not paused.\n');
    expect(await output('pause', 'Back at noon.')).toMatch(
      /People who ask see:\n {2}I am paused .*: Back at noon\.\n/,
    );
    expect(await json('resume')).toMatchObject({ resumed: true, before: { text: 'Back at noon.' } });
    expect((await run('pause', 'x'.repeat(501))).code).toBe(2);
  });
});
