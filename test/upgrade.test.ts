import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FIRST_RELEASE_KEY, firstReleaseFile, firstReleaseRedis } from './support/first-release.ts';
import { openPage } from './support/playground-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { createFakeProvider, type FakeProvider } from './support/provider/fake-provider.ts';
import { describeWithRedis, startRedis } from './support/redis.ts';

// Programs start, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 300_000 });

let folder: string;
let provider: FakeProvider;
let programs: Program[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
  provider = await createFakeProvider();
  programs = [];
});

afterEach(async () => {
  for (const program of programs) await program.kill();
  await provider.close();
  rmSync(folder, { recursive: true });
});

const environment = (storeUrl: string) => ({
  STORE_URL: storeUrl,
  OPENROUTER_BASE_URL: provider.url,
  OPENROUTER_API_KEY: 'sk-or-operator-1',
  ENCRYPTION_KEY: FIRST_RELEASE_KEY,
  RETENTION_DAYS: '36500',
});

async function start(storeUrl: string) {
  const program = await startProgram(folder, environment(storeUrl));
  programs.push(program);
  return { program, ...(await openPage(program.url)) };
}

/** The command line, as a person runs it beside the bot. */
function parley(storeUrl: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [resolve('src/cli.ts'), ...args], {
    cwd: folder,
    env: environment(storeUrl),
    encoding: 'utf8',
  });
  return { code: status, output: stdout, errors: stderr };
}

/** All that v0.1.0 knew is known, and what it was writing as it was killed is ended. */
async function goesOn(storeUrl: string): Promise<void> {
  const { page, post, lastOf, program } = await start(storeUrl);
  await page.until(() => lastOf('cut-question')?.status === 'interrupted');
  expect(lastOf('cut-question')).toMatchObject({
    text: expect.stringMatching(/^Once upon a time there was a release\./),
    buttons: ['retry'],
  });
  expect(lastOf('first-question')).toMatchObject({ text: 'Forty-two.', status: 'complete' });

  // The conversation, the channel's model and the guild's own key.
  provider.answer('Because six times seven is.');
  const spot = { channel: 'general', thread: 'first-question' };
  await post('message', { id: 'second-question', text: 'Why?', ...spot });
  await page.until(() => lastOf('first-question')?.text === 'Because six times seven is.');
  const [chat] = provider.chats;
  expect(chat?.body.model).toBe('openai/gpt-4o-mini');
  expect(chat?.headers.authorization).toBe('Bearer sk-or-of-the-guild-5432');
  const said = JSON.stringify(chat?.body.messages);
  for (const words of ['What is six times seven?', 'Forty-two.', 'Why?']) expect(said).toContain(words);

  const shown = parley(storeUrl, 'tier', 'show', 'discord:123456789012345678');
  expect(shown.output).toMatch(/premium: given by the operator until 2999-01-01/);
  expect(parley(storeUrl, 'audit').output).toMatch(/limits?.*77|77.*limits?/);
  const used = JSON.parse(parley(storeUrl, 'usage', 'web:local', '--days', '9999', '--json').output);
  expect(JSON.stringify(used)).toContain('Mia');
  const stored = JSON.parse(parley(storeUrl, 'export', 'web:local', 'member').output);
  expect(JSON.stringify(stored.turns)).toContain('What is six times seven?');
  expect(stored.answers.length).toBeGreaterThanOrEqual(3);
  await program.kill();
}

describe('a store of v0.1.0', () => {
  it('in SQLite goes on, and a copy of what it was is kept', async () => {
    const file = join(folder, 'parley.db');
    firstReleaseFile(file);
    await goesOn(`sqlite:${file}`);
    // The way back: what was there before the upgrade.
    expect(parley(`sqlite:${file}`, 'restore', `${file}.of-schema-1`)).toMatchObject({ code: 0, errors: '' });
    await goesOn(`sqlite:${file}`);
  });

  describeWithRedis('in Redis', () => {
    it('goes on', async () => {
      const redis = await startRedis();
      try {
        await firstReleaseRedis(redis.url);
        await goesOn(redis.url);
      } finally {
        await redis.stop();
      }
    });
  });
});

describe('a backup', () => {
  it('is made while the bot answers, and the bot goes on from it after a restore', async () => {
    const file = join(folder, 'parley.db');
    const copy = join(folder, 'copy.db');
    const url = `sqlite:${file}`;
    const before = await start(url);
    provider.answer('Before the backup.');
    await before.ask('question-1');
    await before.page.until(() => before.lastOf('question-1')?.status === 'complete');
    const live = provider.live();
    await before.ask('question-2');
    await live.request;
    await live.text('Written meanwhile. ');
    await before.page.until(() => before.textOf('question-2') !== '');

    expect(parley(url, 'backup', copy)).toMatchObject({ code: 0, errors: '' });
    expect(parley(url, 'backup', copy)).toMatchObject({
      code: 1,
      errors: `${copy} already exists.\nName another file, or overwrite it with --force.\n`,
    });
    expect(parley(url, 'backup', copy, '--force').code).toBe(0);
    expect(parley(url, 'restore', copy)).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/^Nothing was restored: a process has the store .* open\.\nStop Parley/),
    });
    await live.text('And to its end.');
    await live.finish();
    await before.page.until(() => before.lastOf('question-2')?.status === 'complete');
    expect(before.textOf('question-2')).toBe('Written meanwhile. And to its end.');
    await before.program.kill();
    rmSync(file);
    rmSync(`${file}-wal`);
    rmSync(`${file}-shm`);

    expect(parley(url, 'restore', copy)).toMatchObject({ code: 0, errors: '' });
    const after = await start(url);
    // The answer that was on its way as the copy was made is ended, as after a crash.
    await after.page.until(() => after.lastOf('question-2')?.status === 'interrupted');
    provider.answer('After the restore.');
    const spot = { channel: 'general', thread: 'question-1' };
    await after.post('message', { id: 'question-3', text: 'And now?', ...spot });
    await after.page.until(() => after.textOf('question-1').includes('After the restore.'));
    expect(JSON.stringify(provider.chats.at(-1)?.body.messages)).toContain('Before the backup.');
  });

  describeWithRedis('of Redis', () => {
    it('is Redis’ own, and the command line says how', async () => {
      const redis = await startRedis();
      try {
        for (const command of ['backup', 'restore']) {
          expect(parley(redis.url, command, join(folder, 'copy.db'))).toMatchObject({
            code: 1,
            errors: expect.stringMatching(
              /^The store is in Redis.*\nRun `redis-cli -u STORE_URL --rdb FILE`/,
            ),
          });
        }
      } finally {
        await redis.stop();
      }
    });
  });
});
