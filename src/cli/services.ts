import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { encryptionKeysOf } from '../app/config/config.ts';
import { readSetup } from '../app/config/setup.ts';
import { createAuditLog } from '../core/access/audit.ts';
import { createGuilds, type Guilds } from '../core/access/guilds.ts';
import { createKeyStore } from '../core/access/key-store.ts';
import { type AnswersUnderWay, createAnswersUnderWay } from '../core/chat/under-way.ts';
import { createAnswerRecords } from '../core/conversations/answer-records.ts';
import { type ChatRecords, createChatRecords } from '../core/conversations/chat-records.ts';
import { createOutcomeLog } from '../core/conversations/outcomes.ts';
import { createPrivacy, type Privacy } from '../core/conversations/privacy.ts';
import type { Settings } from '../core/conversations/settings.ts';
import { createLocks, type Locks } from '../core/coordination/locks.ts';
import { createStops } from '../core/coordination/stops.ts';
import { createFeedbackLog } from '../core/ledger/feedback.ts';
import { createLimitRules, type LimitRules } from '../core/ledger/rules.ts';
import { createUsageLog } from '../core/ledger/usage.ts';
import type { CliContext } from './command.ts';

const DAY_MS = 86_400_000;

export function guildsOf({ config, store, clock }: CliContext): Guilds {
  return createGuilds({
    store,
    clock,
    audit: createAuditLog(store.records),
    keys: createKeyStore({ store, encryptionKeys: encryptionKeysOf(config), clock }),
    defaultTier: config.DEFAULT_TIER,
    skuTiers: config.DISCORD_SKU_TIERS,
  });
}

/** Changes limits under the same locks as the bot. */
export async function withLimits<T>(
  context: CliContext,
  work: (limits: LimitRules) => Promise<T>,
): Promise<T> {
  const { config, file } = await readSetup(context.environment.variables, context.environment.fromFile);
  return withLocks(context, (locks) =>
    work(
      createLimitRules({
        store: context.store,
        locks,
        config: config.LIMITS === 'on' ? file.limits : null,
        audit: createAuditLog(context.store.records),
        clock: context.clock,
      }),
    ),
  );
}

/** Access to the data of people and guilds. A running bot stops answers that are to be forgotten. */
export async function withPrivacy<T>(
  context: CliContext,
  work: (privacy: Privacy) => Promise<T>,
): Promise<T> {
  const { store, clock } = context;
  const { records, ledger } = store;
  return withLocks(context, async (locks) => {
    const stops = createStops({ store, owner: randomUUID(), clock, log: SILENT }, new Map());
    try {
      const audit = createAuditLog(records);
      return await work(
        createPrivacy({
          stops,
          records: recordsOf(context, locks),
          logs: {
            usage: createUsageLog(records),
            feedback: createFeedbackLog(records),
            outcomes: createOutcomeLog(records),
          },
          ledger,
          limits: createLimitRules({ store, locks, config: null, audit, clock }),
          audit,
          clock,
        }),
      );
    } finally {
      await stops.stop();
    }
  });
}

/** Runs `work` on a guild's settings, under the same locks as the bot. */
export async function withSettings<T>(
  context: CliContext,
  work: (settings: Settings) => Promise<T>,
): Promise<T> {
  return withLocks(context, (locks) => work(recordsOf(context, locks).settings));
}

/** Instructions and automatic tasks are left out: only the bot needs them. */
function recordsOf({ store, clock, config }: CliContext, locks: Locks): ChatRecords {
  const retentionMs = config.RETENTION_DAYS * DAY_MS;
  return createChatRecords(store, locks, { retentionMs, instructions: null, automatic: new Set() }, clock);
}

/** Access to the answers in progress in a bot's processes. */
export async function withAnswers<T>(
  { store, clock, config }: CliContext,
  work: (answers: AnswersUnderWay) => Promise<T>,
): Promise<T> {
  const stops = createStops({ store, owner: randomUUID(), clock, log: SILENT }, new Map());
  try {
    const audit = createAuditLog(store.records);
    const answers = createAnswerRecords(store, config.RETENTION_DAYS * DAY_MS);
    return await work(createAnswersUnderWay({ claims: store.claims, answers, stops, audit, clock }));
  } finally {
    await stops.stop();
  }
}

const SILENT = pino({ level: 'silent' });

async function withLocks<T>({ store, clock }: CliContext, work: (locks: Locks) => Promise<T>): Promise<T> {
  const locks = createLocks({ store, owner: randomUUID(), clock, log: SILENT });
  try {
    return await work(locks);
  } finally {
    await locks.stop();
  }
}
