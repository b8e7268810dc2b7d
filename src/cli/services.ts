import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { retentionMsOf } from '../app/config/config.ts';
import { readSetup } from '../app/config/setup.ts';
import { type AnswersUnderWay, createAnswersUnderWay } from '../core/chat/under-way.ts';
import { createAnswerRecords } from '../core/conversations/answer-records.ts';
import { type ChatRecords, createChatRecords } from '../core/conversations/chat-records.ts';
import { createOutcomeLog } from '../core/conversations/outcomes.ts';
import { createPrivacy, type Privacy } from '../core/conversations/privacy.ts';
import { createStops, type Stops } from '../core/coordination/stops.ts';
import { createFeedbackLog } from '../core/ledger/feedback.ts';
import { createLimitRules, type LimitRules } from '../core/ledger/rules.ts';
import { createUsageLog } from '../core/ledger/usage.ts';
import type { CliContext } from './command.ts';

export async function limitsOf(context: CliContext): Promise<LimitRules> {
  const { config, file } = await readSetup(context.environment);
  return createLimitRules({ ...context, config: config.LIMITS === 'on' ? file.limits : null });
}

/** Access to the data of people and guilds. A running bot stops answers that are to be forgotten. */
export function privacyOf(context: CliContext): Privacy {
  const { store, audit, clock } = context;
  const { records, ledger } = store;
  return createPrivacy({
    stops: stopsOf(context),
    records: recordsOf(context),
    logs: {
      usage: createUsageLog(records),
      feedback: createFeedbackLog(records),
      outcomes: createOutcomeLog(records),
    },
    ledger,
    limits: createLimitRules({ store, config: null, clock }),
    audit,
    clock,
  });
}

/** Without the bot's instructions and automatic tasks. */
export function recordsOf(context: CliContext): ChatRecords {
  const options = { retentionMs: retentionMsOf(context.config), instructions: null, automatic: new Set([]) };
  return createChatRecords(context.store, options, context.clock);
}

/** The answers in progress in a bot's processes. */
export function answersOf(context: CliContext): AnswersUnderWay {
  const { store, audit, clock, config } = context;
  const answers = createAnswerRecords(store, retentionMsOf(config));
  return createAnswersUnderWay({ claims: store.claims, answers, stops: stopsOf(context), audit, clock });
}

const SILENT = pino({ level: 'silent' });

function stopsOf({ store, clock, closing }: CliContext): Stops {
  const stops = createStops({ store, owner: randomUUID(), clock, log: SILENT }, new Map());
  return closing.adopt(stops, (it) => it.stop());
}
