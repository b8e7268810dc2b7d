import { expect, it } from 'vitest';
import { createAuditLog } from '../../../src/core/access/audit.ts';
import { createOutcomeLog } from '../../../src/core/conversations/outcomes.ts';
import { startRetention } from '../../../src/core/conversations/retention.ts';
import { createFeedbackLog } from '../../../src/core/ledger/feedback.ts';
import { createUsageLog, usageRecord } from '../../../src/core/ledger/usage.ts';
import { type Change, partsOfKey } from '../../../src/core/ports/store.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';
import { createTestBot, messageOf, pressOf, testActor, testSurface } from '../../support/test-bot.ts';

const DAY_MS = 86_400_000;

it('forgets costs, feedback and how answers went after the time that is set and the audit log after two years, until it is stopped', async () => {
  const clock = createFakeClock();
  const { log } = createLogRecorder();
  // The store's own clock stands: its sweeps are not what is tried here.
  const store = await openStore('memory:', { clock: createFakeClock(), log });
  const usage = createUsageLog(store.records);
  const audit = createAuditLog(store.records);
  const feedback = createFeedbackLog(store.records);
  const outcomes = createOutcomeLog(store.records);
  const days = async () => [
    (await Array.fromAsync(usage.query({}))).length,
    (await Array.fromAsync(audit.query({}))).length,
    (await Array.fromAsync(feedback.query({}))).length,
    (await Array.fromAsync(outcomes.query({}))).length,
  ];
  const guild = 'discord:1' as const;
  for (const agoMs of [0, 800 * DAY_MS]) {
    const atMs = clock.now() - agoMs;
    await feedback.append({
      guild,
      user: '42',
      userName: 'Mia',
      atMs,
      answer: `answer ${agoMs}`,
      model: 'm',
      verdict: 'good',
    });
    const counts = { model: 'm', provider: 'p', answers: 1, failures: {}, firstTextMs: [10] };
    await outcomes.append(guild, atMs, [counts]);
    await store.records.append(
      usageRecord({
        guild,
        user: 'mia',
        atMs,
        id: `request ${agoMs}`,
        model: 'a/b',
        provider: 'openrouter',
        payer: 'operator',
        costNanoUsd: 1,
        promptTokens: 1,
        completionTokens: 1,
        basis: 'provider',
      }),
    );
    await audit.append({
      guild,
      by: 'discord:9',
      atMs,
      action: 'tier.grant',
      from: null,
      to: 'free',
      reason: '',
    });
  }
  const { records } = store;
  const retentionMs = DAY_MS;
  const retention = startRetention({ usage, feedback, outcomes, audit, records, retentionMs, clock, log });
  try {
    expect(await days()).toEqual([2, 2, 2, 2]);
    await clock.advance(15 * 60_000);
    await expect.poll(days, { timeout: 10_000 }).toEqual([1, 1, 1, 1]);
    // The sweep may not sleep yet: each look brings the next one nearer.
    const later = () => clock.advance(DAY_MS).then(days);
    await expect.poll(later, { timeout: 10_000 }).toEqual([0, 1, 0, 0]);
  } finally {
    await retention.stop();
  }
  expect(clock.pending).toBe(0);
  await store.close();
});

it('forgets the requests to stop answers that v0.1.0 left, once its processes do not read them any more', async () => {
  const clock = createFakeClock();
  const { log } = createLogRecorder();
  const store = await openStore('memory:', { clock: createFakeClock(), log });
  const { records } = store;
  const stop = (agoMs: number) =>
    records.append({
      kind: 'stop',
      guild: 'web:local',
      user: '',
      atMs: clock.now() - agoMs,
      data: { wish: `${agoMs} ago`, target: { id: 'a' }, cause: { kind: 'person', user: '42', name: 'Mia' } },
    });
  await stop(30 * 60_000);
  await stop(0);
  const retention = startRetention({
    usage: createUsageLog(records),
    feedback: createFeedbackLog(records),
    outcomes: createOutcomeLog(records),
    audit: createAuditLog(records),
    records,
    retentionMs: DAY_MS,
    clock,
    log,
  });
  const left = async () => (await Array.fromAsync(records.query({ kind: 'stop' }))).map(({ atMs }) => atMs);
  const nowMs = clock.now();
  try {
    await clock.advance(15 * 60_000);
    await expect.poll(left, { timeout: 10_000 }).toEqual([nowMs]);
  } finally {
    await retention.stop();
  }
  await store.close();
});

it('keeps the audit log as long as costs, if those are kept for longer than two years', async () => {
  const clock = createFakeClock();
  const { log } = createLogRecorder();
  const store = await openStore('memory:', { clock: createFakeClock(), log });
  const audit = createAuditLog(store.records);
  for (const days of [900, 1_100]) {
    const facts = {
      guild: 'discord:1',
      by: 'discord:9',
      action: 'tier.grant',
      from: null,
      to: 'free',
      reason: '',
    } as const;
    await audit.append({ ...facts, atMs: clock.now() - days * DAY_MS });
  }
  const retention = startRetention({
    usage: createUsageLog(store.records),
    feedback: createFeedbackLog(store.records),
    outcomes: createOutcomeLog(store.records),
    audit,
    records: store.records,
    retentionMs: 1_000 * DAY_MS,
    clock,
    log,
  });
  await clock.advance(60 * 60_000);
  await retention.stop();
  const left = await Array.fromAsync(audit.query({}));
  expect(left.map(({ atMs }) => Math.round((clock.now() - atMs) / DAY_MS))).toEqual([900]);
  await store.close();
});

it('lets everything expire in the end that comes from questions, and keeps what people set', async () => {
  const { log } = createLogRecorder();
  const opened = await openStore('memory:', { clock: createFakeClock(), log });
  const set: Extract<Change, { kind: 'set' | 'replace' }>[] = [];
  const store = {
    ...opened,
    write(changes: readonly Change[]) {
      set.push(...changes.filter((change) => change.kind === 'set' || change.kind === 'replace'));
      return opened.write(changes);
    },
  };
  const bot = await createTestBot({ store });
  const place = { key: 'thread' };
  const ada = testActor('ada', { isAdmin: true });
  const ask = async (text: string) => {
    bot.provider.answer('Yes.');
    const message = messageOf(text, { place, surface: testSurface({ isOverheard: true }) });
    await bot.dispatch.message(message);
    return message.surface.shown?.buttons[0]?.answerId ?? '';
  };
  const answer = await ask('Why?');
  bot.provider.answer('No.');
  await bot.dispatch.press(pressOf('retry', answer, { place }));
  await bot.dispatch.press(pressOf('good', answer, { place }));
  await ask('And now?');
  await bot.dispatch.alive('discord');
  await bot.services.settings.change(
    'guild',
    { place: { guild: ada.guild, channel: 'c1', key: null }, conversation: null },
    { model: 'openai/gpt-4o' },
  );
  await bot.close();
  const namespaces = (kept: (ttlMs: number) => boolean) =>
    [
      ...new Set(set.filter(({ ttlMs = Infinity }) => kept(ttlMs)).map(({ key }) => partsOfKey(key)[0])),
    ].toSorted();
  expect(namespaces((ttlMs) => ttlMs > DAY_MS)).toEqual(['settings']);
  expect(namespaces((ttlMs) => ttlMs <= DAY_MS)).toEqual([
    'answer-messages',
    'answers',
    'asked',
    'conversations',
    'listening',
    'places',
    'streams',
    'talked',
  ]);
});
