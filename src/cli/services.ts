import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { retentionMsOf } from '../app/config/config.ts';
import { readSetup } from '../app/config/setup.ts';
import { type AnswersUnderWay, createAnswersUnderWay } from '../core/chat/under-way.ts';
import { createAnswerRecords } from '../core/conversations/answer-records.ts';
import { type ChatRecords, createChatRecords } from '../core/conversations/chat-records.ts';
import { createOutcomeLog } from '../core/conversations/outcomes.ts';
import { createPrivacy, type Privacy } from '../core/conversations/privacy.ts';
import { createLocks, type Locks } from '../core/coordination/locks.ts';
import { createStops, type Stops } from '../core/coordination/stops.ts';
import { createFeedbackLog } from '../core/ledger/feedback.ts';
import { createLimitRules, type LimitRules } from '../core/ledger/rules.ts';
import { createUsageLog } from '../core/ledger/usage.ts';
import type { CliContext } from './command.ts';

/** Changes limits under the same locks as the bot. */
export async function limitsOf(context: CliContext): Promise<LimitRules> {
  const { config, file } = await readSetup(context.environment);
  const locks = locksOf(context);
  return createLimitRules({ ...context, locks, config: config.LIMITS === 'on' ? file.limits : null });
}

/** Access to the data of people and guilds. A running bot stops answers that are to be forgotten. */
export function privacyOf(context: CliContext): Privacy {
  const { store, audit, clock } = context;
  const { records, ledger } = store;
  const locks = locksOf(context);
  return createPrivacy({
    stops: stopsOf(context),
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
  });
}

/** Changes conversations and settings under the same locks as the bot, whose instructions and automatic tasks are left out. */
export function recordsOf(context: CliContext, locks = locksOf(context)): ChatRecords {
  const options = { retentionMs: retentionMsOf(context.config), instructions: null, automatic: new Set([]) };
  return createChatRecords(context.store, locks, options, context.clock);
}

/** The answers in progress in a bot's processes. */
export function answersOf(context: CliContext): AnswersUnderWay {
  const { store, audit, clock, config } = context;
  const answers = createAnswerRecords(store, retentionMsOf(config));
  return createAnswersUnderWay({ claims: store.claims, answers, stops: stopsOf(context), audit, clock });
}

const SILENT = pino({ level: 'silent' });

function locksOf({ store, clock, closing }: CliContext): Locks {
  const locks = createLocks({ store, owner: randomUUID(), clock, log: SILENT });
  return closing.adopt(locks, (it) => it.stop());
}

function stopsOf({ store, clock, closing }: CliContext): Stops {
  const stops = createStops({ store, owner: randomUUID(), clock, log: SILENT }, new Map());
  return closing.adopt(stops, (it) => it.stop());
}
