import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuditLog } from '../../src/core/access/audit.ts';
import { type AnswerRecord, createAnswerRecords } from '../../src/core/conversations/answer-records.ts';
import { type Conversation, conversationSchema } from '../../src/core/conversations/conversation.ts';
import { createOutcomeLog, type Outcomes } from '../../src/core/conversations/outcomes.ts';
import { createPersonas, type Persona } from '../../src/core/conversations/personas.ts';
import { type Setting, settingSchema } from '../../src/core/conversations/setting.ts';
import { type Written, writtenSchema } from '../../src/core/coordination/journal-entry.ts';
import { createFeedbackLog, type Feedback } from '../../src/core/ledger/feedback.ts';
import { type GuildRules, rulesSchema } from '../../src/core/ledger/guild-rules.ts';
import { createUsageLog, type UsageRecord, usageRecord } from '../../src/core/ledger/usage.ts';
import { AUTOMATIC_NAMES } from '../../src/core/ports/automatic.ts';
import { EFFORTS } from '../../src/core/ports/effort.ts';
import type { BroughtPart, FilePart } from '../../src/core/ports/parts.ts';
import { PLATFORM_IDS } from '../../src/core/ports/platforms.ts';
import type { Store } from '../../src/core/ports/store.ts';
import { openStore } from '../../src/store/open-store.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createLogRecorder } from '../support/provider/test-client.ts';

/** With every field that may be left out, so that a new field must stand here too. */
type Whole<T> = T extends string | number | boolean | null
  ? T
  : T extends readonly (infer U)[]
    ? readonly Whole<U>[]
    : { readonly [K in keyof T]-?: Whole<T[K]> };

const PAYERS = ['operator', 'guild'] as const;
const STATUSES = ['complete', 'stopped', 'failed', 'interrupted'] as const;

const file = (type: FilePart['type']): Whole<FilePart> => ({
  type,
  name: 'a.txt',
  mediaType: 'text/plain',
  sizeBytes: 1,
  reference: 'where',
  text: 'said',
  unread: 'the rest',
});
const byOthers = { author: { user: 'ada', name: 'Ada' }, text: 'Hi', files: [file('file')] };
const BROUGHT: readonly Whole<BroughtPart>[] = [
  file('file'),
  file('image'),
  { type: 'forwarded', ...byOthers },
  ...(['reply', 'thread', 'pointed'] as const).map((why) => ({ type: 'quoted' as const, why, ...byOthers })),
];

const settingOf = (effort: (typeof EFFORTS)[number]): Whole<Setting> => ({
  context: true,
  lists: {
    allow: { users: ['mia'], groups: ['g'], channels: ['c'] },
    deny: { users: ['ben'], groups: ['h'], channels: ['d'] },
  },
  webSearch: true,
  mention: false,
  inThread: true,
  whole: true,
  summaries: false,
  titles: true,
  model: 'm/a',
  effort,
  fallback: 'm/b',
  persona: 'Cook',
  instructions: { text: 'Be kind.', by: 'mia' },
});

const CONVERSATIONS: readonly Whole<Conversation>[] = STATUSES.flatMap((status) =>
  PAYERS.map((payer) => {
    const answer = { answer: 'Yes.', model: 'm/a', status, askedAtMs: 5, answerId: 'a1' };
    const answered = { ...answer, bill: { costNanoUsd: 7, payer } };
    const asked = { id: 't1', user: 'mia', author: 'Mia', question: 'Why?', brought: BROUGHT };
    return {
      id: 'c1',
      turns: [{ ...asked, ...answered, earlier: [answered], tokens: 9, isPast: true }],
      startedBy: 'mia',
      anewAtMs: 3,
      summary: { text: 'So far.', through: 't0', people: ['mia'] },
      ...settingOf('high'),
    };
  }),
);

const ENTRIES: readonly Whole<Written>[] = STATUSES.flatMap((status) =>
  PLATFORM_IDS.map((platform) => ({
    version: 1,
    platform,
    place: 'where',
    answer: {
      id: 'a1',
      model: 'm/a',
      askedAtMs: 5,
      text: 'Yes',
      images: 2,
      sealed: 1,
      message: 'k2',
      messages: ['k1', 'k2'],
      ending: { status, note: 'cut', footer: 'Model', isCut: true },
    },
    asked: { guild: 'discord:1', user: 'mia', name: 'Mia' },
  })),
);

const AMOUNTS: Whole<GuildRules>['guild'] = {
  requestsPerUserPerMinute: 1,
  requestsPerUserPerDay: 2,
  nanoUsdPerUserPerDay: 3,
  nanoUsdPerGuildPerDay: 4,
  nanoUsdPerGuildPerMonth: 5,
};
const RULES: Whole<GuildRules> = {
  operator: { ...AMOUNTS, nanoUsdPerUserPerDay: null },
  guild: AMOUNTS,
  users: { mia: AMOUNTS },
  groups: { g: AMOUNTS },
};

describe('what is stored is read with all its fields', () => {
  it.each([
    ['conversations', conversationSchema, CONVERSATIONS],
    ['settings', settingSchema, EFFORTS.map(settingOf)],
    ['journal entries', writtenSchema, ENTRIES],
    ['rules', rulesSchema, [RULES]],
  ])('%s', (_, schema, values) => {
    for (const value of values) expect(schema.parse(value)).toEqual(value);
  });

  let store: Store;
  beforeEach(async () => {
    store = await openStore('memory:', { clock: createFakeClock(), log: createLogRecorder().log });
  });
  afterEach(() => store.close());

  it('answers', async () => {
    const records = createAnswerRecords(store, 1_000);
    for (const effort of EFFORTS) {
      const record: Omit<Whole<AnswerRecord>, 'shown' | 'held'> = {
        id: 'a1',
        guild: 'discord:1',
        user: 'mia',
        conversation: 'c1',
        turn: 't1',
        question: 'Why?',
        brought: BROUGHT,
        author: 'Mia',
        model: 'm/a',
        effort,
        webSearch: true,
        isPrivate: true,
        isAboutThread: true,
        inPlaceOf: 'a0',
        message: 'e1',
        reasoning: 'Because',
        messages: ['k1'],
        editedAt: 4,
        edited: { question: 'How?', brought: BROUGHT },
      };
      const moment = {
        state: 'ended' as const,
        isComplete: true,
        isCut: true,
        mayContinueInThread: true,
        announcesListening: true,
        hasReasoning: true,
        isInLongThread: true,
      };
      const shown = { reference: 'where', sealed: 2, moment };
      const { answer: state } = ENTRIES[0] as Whole<Written>;
      const held = { at: 'k', reference: 'where', state, tries: 3 };
      const whole = { ...record, shown, held } as AnswerRecord;
      await records.save(whole);
      expect(await records.get('a1')).toEqual(whole);
    }
  });

  it('personas', async () => {
    const personas = createPersonas(store);
    for (const effort of EFFORTS) {
      const cook: Whole<Persona> = {
        name: 'Cook',
        instructions: 'Cook.',
        model: 'm/a',
        effort,
        temperature: 1.5,
      };
      await personas.save('discord:1', cook);
      expect(await personas.list('discord:1')).toEqual([cook]);
    }
  });

  it('usage', async () => {
    const written: Whole<UsageRecord>[] = (['provider', 'tokens', 'estimate', 'reserved'] as const).flatMap(
      (basis) =>
        PAYERS.flatMap((payer) =>
          AUTOMATIC_NAMES.map((kind) => ({
            guild: 'discord:1' as const,
            user: 'mia',
            userName: 'Mia',
            model: 'm/a',
            provider: 'openrouter',
            payer,
            kind,
            costNanoUsd: 1,
            promptTokens: 2,
            completionTokens: 3,
            basis,
            id: 'r1',
            atMs: 4,
          })),
        ),
    );
    for (const each of written) await store.records.append(usageRecord(each as UsageRecord));
    expect(await Array.fromAsync(createUsageLog(store.records).query({}))).toEqual(written.toReversed());
  });

  it('opinions, outcomes and changes', async () => {
    const at = { guild: 'discord:1', atMs: 4 } as const;
    const feedback = createFeedbackLog(store.records);
    const given: Whole<Feedback>[] = (['good', 'bad'] as const).flatMap((verdict) =>
      PAYERS.map((payer) => ({
        ...at,
        user: 'mia',
        userName: 'Mia',
        answer: `${verdict} for ${payer}`,
        verdict,
        reason: 'It is.',
        model: 'm/a',
        bill: { costNanoUsd: 5, payer },
      })),
    );
    for (const each of given) await feedback.append(each as Feedback);
    expect(await Array.fromAsync(feedback.query({}))).toEqual(given.toReversed());

    const counts: Omit<Whole<Outcomes>, keyof typeof at> = {
      model: 'm/a',
      provider: 'openrouter',
      answers: 3,
      failures: { internal: 1 },
      firstTextMs: [250],
    };
    const outcomes = createOutcomeLog(store.records);
    await outcomes.append(at.guild, at.atMs, [counts as Outcomes]);
    expect(await Array.fromAsync(outcomes.query({}))).toEqual([{ ...at, ...counts }]);

    const audit = createAuditLog(store.records);
    const change = {
      ...at,
      by: 'discord:mia',
      action: 'tier.grant',
      from: 'free',
      to: 'openai',
      reason: 'asked',
    };
    await audit.append(change);
    expect(await Array.fromAsync(audit.query({}))).toEqual([change]);
  });
});
