import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Joining } from '../../../src/core/ports/events.ts';
import type { Store } from '../../../src/core/ports/store.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { valuesOf } from '../../support/changes.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { firstReleaseFile } from '../../support/first-release.ts';
import { json } from '../../support/provider/fake-provider.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';
import {
  createTestBot,
  invocationOf,
  messageOf,
  type TestBot,
  type TestBotOptions,
  testActor,
} from '../../support/test-bot.ts';
import { waitUntil } from '../../support/wait-until.ts';

const HOUR_MS = 3_600_000;
const clock = createFakeClock(Date.UTC(2026, 10, 30));

async function open(options: TestBotOptions = {}): Promise<TestBot> {
  const bot = await createTestBot({ clock, ...options });
  onTestFinished(bot.close);
  return bot;
}

async function emptyStore(): Promise<Store> {
  const store = await openStore('memory:', { clock, log: createLogRecorder().log });
  onTestFinished(() => store.close());
  return store;
}

function joining(id: string, atMs: number): Joining & { readonly said: string[] } {
  const said: string[] = [];
  return {
    guild: 'discord:1',
    id,
    atMs,
    where: 'to **Club**',
    said,
    async introduce({ text }) {
      said.push(text);
      return true;
    },
  };
}

describe('a bot that comes to a new place', () => {
  it('introduces itself there once, over restarts, processes and what the platform says twice', async () => {
    const store = await emptyStore();
    const club = joining('discord:1', clock.now());
    const [one, other] = [
      await open({ store, operatorContact: 'Mia, mia@example.com' }),
      await open({ store }),
    ];
    await one.dispatch.joined(club);
    await waitUntil(() => expect(club.said).toHaveLength(1));
    await Promise.all([one.dispatch.joined(club), other.dispatch.joined(club)]);
    expect(club.said).toEqual([
      'Hello! I am **Parley**, and I bring language models to **Club**. Ask me with `/ask` or mention me; `/help` shows what else I can do.\n\nI am run by Mia, mia@example.com.',
    ]);
  });

  it('is known there for good', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-'));
    onTestFinished(async () => rmSync(folder, { recursive: true }));
    const { log } = createLogRecorder();
    const club = joining('discord:1', clock.now());
    for (const clock of [createFakeClock(club.atMs), createFakeClock(club.atMs + 400 * 24 * HOUR_MS)]) {
      const store = await openStore(`sqlite:${join(folder, 'parley.db')}`, { clock, log });
      const bot = await createTestBot({ store, clock });
      const next = joining(`discord:${clock.now()}`, clock.now());
      await bot.dispatch.joined(club);
      await bot.dispatch.joined(next);
      await waitUntil(() => expect(next.said).toHaveLength(1));
      await bot.close();
      await store.close();
    }
    expect(club.said).toHaveLength(1);
  });

  it('is one bot of two processes that hear of it at once', async () => {
    const store = await emptyStore();
    const club = joining('discord:1', clock.now());
    const bots = await Promise.all([open({ store }), open({ store }), open({ store })]);
    await Promise.all(bots.map(({ dispatch }) => dispatch.joined(club)));
    await waitUntil(() => expect(club.said).toHaveLength(1));
    await Promise.all(bots.map(({ dispatch }) => dispatch.joined(club)));
    expect(club.said).toHaveLength(1);
  });

  it('is known where it was before an upgrade, and new where it comes after that', async () => {
    const store = await emptyStore();
    const before = await open({ store });
    before.provider.answer('Yes.');
    await before.dispatch.message(messageOf('Why?'));
    // An older version did not remember its greetings, as this one does.
    const greetings = valuesOf(store, 'greetings');
    for await (const [key] of greetings.entries()) await greetings.delete(key);
    const upgraded = await open({ store });
    const [old, recent] = [joining('discord:1', 0), joining('discord:2', clock.now() - HOUR_MS)];
    await upgraded.dispatch.joined(old);
    await upgraded.dispatch.joined(recent);
    const fresh = joining('discord:3', clock.now());
    await upgraded.dispatch.joined(fresh);
    await waitUntil(() => expect(fresh.said).toHaveLength(1));
    expect([old.said, recent.said]).toEqual([[], []]);
  });

  it('greets nobody as a store of v0.1.0 is taken over', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-'));
    onTestFinished(async () => rmSync(folder, { recursive: true }));
    firstReleaseFile(join(folder, 'parley.db'));
    const store = await openStore(`sqlite:${join(folder, 'parley.db')}`, {
      clock,
      log: createLogRecorder().log,
    });
    onTestFinished(() => store.close());
    const bot = await open({ store });
    const recent = joining('discord:2', clock.now() - HOUR_MS);
    await bot.dispatch.joined(recent);
    const fresh = joining('discord:3', clock.now());
    await bot.dispatch.joined(fresh);
    await waitUntil(() => expect(fresh.said).toHaveLength(1));
    expect(recent.said).toEqual([]);
  });

  it('says so where it was invited before its first start', async () => {
    const bot = await open();
    const [long, today] = [joining('discord:1', 0), joining('discord:2', clock.now() - HOUR_MS)];
    await bot.dispatch.joined(long);
    await bot.dispatch.joined(today);
    await waitUntil(() => expect(today.said).toHaveLength(1));
    expect(long.said).toEqual([]);
  });

  it('says what is missing where no model can answer', async () => {
    const bot = await open({ keys: [], operatorContact: 'Mia' });
    const club = joining('discord:1', clock.now());
    await bot.dispatch.joined(club);
    await waitUntil(() => expect(club.said).toHaveLength(1));
    expect(club.said[0]).toContain(
      'I am run by Mia.\n\nNo language model is set up yet. The operator must add an API key.',
    );
    const demo = await open({ demoLacks: 'OPENROUTER_API_KEY' });
    const other = joining('discord:2', clock.now());
    await demo.dispatch.joined(other);
    await waitUntil(() => expect(other.said).toHaveLength(1));
    expect(other.said[0]).toContain('This is a scripted demo: no language model is set up yet.');
  });
});

describe('without a model', () => {
  const question = (isAdmin: boolean) =>
    invocationOf('ask', { prompt: 'Why?' }, { actor: testActor('mia', { isAdmin }) });

  it('people learn who has to act, and admins which variable is missing', async () => {
    const bot = await open({ keys: [], operatorContact: 'Mia' });
    const [member, admin] = [question(false), question(true)];
    await bot.dispatch.command(member);
    await bot.dispatch.command(admin);
    const text = 'No language model is set up yet. The operator (Mia) must add an API key.';
    expect(member.surface.privateTexts).toEqual([{ text }]);
    expect(admin.surface.privateTexts[0]?.text).toMatch(
      /^No language model .* Missing: `OPENROUTER_API_KEY`.*, in the bot’s `\.env`\.$/,
    );
  });

  it('the demo says under each answer that it is one, outside the playground', async () => {
    const bot = await open({ demoLacks: 'OPENROUTER_API_KEY' });
    bot.provider.answer('Hello!');
    bot.provider.answer('Hello!');
    const outside = question(false);
    await bot.dispatch.command(outside);
    expect(outside.surface.shown?.note).toBe(
      'This is a scripted demo: no language model is set up yet. The operator must set `OPENROUTER_API_KEY`.',
    );
    const inside = invocationOf(
      'ask',
      { prompt: 'Why?' },
      { actor: testActor('mia', { guild: 'web:local' }) },
    );
    await bot.dispatch.command(inside);
    expect(inside.surface.shown?.note).toBeNull();
  });
});

describe('the operator’s contact', () => {
  it('stands wherever people are sent to the operator, and in /help', async () => {
    const bot = await open({ operatorContact: 'Mia, mia@example.com' });
    const locked = invocationOf('ask', { prompt: 'Why?', model: 'anthropic/claude-3.5-sonnet' });
    const help = invocationOf('help');
    const tier = invocationOf('tier');
    const failing = invocationOf('ask', { prompt: 'Why?' });
    bot.provider.script(json(402, { error: { code: 402, message: 'Insufficient credits' } }));
    await bot.dispatch.command(locked);
    await bot.dispatch.command(help);
    await bot.dispatch.command(tier);
    await bot.dispatch.command(failing);
    const said = [locked, help, tier].map(({ surface }) => surface.privateTexts[0]?.text ?? '');
    expect(said[0]).toContain('The operator (Mia, mia@example.com) can grant it.');
    expect(said[1]).toContain('This bot is run by Mia, mia@example.com.');
    expect(said[2]).toContain('To get more models, ask the operator (Mia, mia@example.com).');
    expect(failing.surface.shown?.note).toContain('tell the operator of this bot (Mia, mia@example.com)');
  });
});
