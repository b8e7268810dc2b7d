import type { AnswerParts } from '../chat/answer/parts.ts';
import { createTitles } from '../chat/answer/titles.ts';
import { createModelAsker } from '../chat/question/ask-model.ts';
import { createObstacles } from '../chat/question/obstacles.ts';
import { createPreparation } from '../chat/question/preparation.ts';
import { createRequesting } from '../chat/question/request.ts';
import { createCatchUp } from '../chat/recovery/catch-up.ts';
import { createFinisher } from '../chat/recovery/finishing.ts';
import { createHeldAnswers } from '../chat/recovery/held-answers.ts';
import { createTakeover } from '../chat/recovery/takeover.ts';
import type { Messenger } from '../chat/words/messenger.ts';
import type { ChatRecords } from '../conversations/chat-records.ts';
import type { Coordination } from '../coordination/coordination.ts';
import { createErrands } from '../prompt/automatic.ts';
import { createCompaction } from '../prompt/compaction.ts';
import { createGather } from '../prompt/gather.ts';
import { createBroughtReader } from '../prompt/read-brought.ts';
import type { Access } from './access.ts';
import type { Logs } from './logs.ts';
import type { ModelChoice } from './model-choice.ts';
import type { Money } from './money.ts';
import type { CoreOptions } from './options.ts';

/** The parts of core that the chat stands on. */
export interface Foundations {
  readonly coordination: Coordination;
  readonly access: Access;
  readonly money: Money;
  readonly logs: Logs;
  readonly records: ChatRecords;
  readonly choice: ModelChoice;
  readonly messenger: Messenger;
}

export function wireAnswers(options: CoreOptions, foundations: Foundations): AnswerParts {
  const { store, files, clock, log } = options;
  const { readFileOf, finderOf } = options.platforms;
  const { retentionMs, catchUpMs, timeZone, logContent } = options.habits;
  const { coordination, records, messenger } = foundations;
  const { models } = foundations.money;
  const { roles } = foundations.access;
  const { telemetry } = foundations.logs;
  const { catalogue, choose, seeing, openAnswerer, demoNotice } = foundations.choice;
  const { journal, stops } = coordination;
  const { conversations, answers } = records;
  const { delivery } = messenger;

  const catchUp = createCatchUp(store, { maxAgeMs: catchUpMs, retentionMs, clock });
  const held = createHeldAnswers(store, answers, retentionMs);
  const finish = createFinisher(records, held, delivery);
  const takeover = createTakeover({ journal, answers, held, finish, delivery });

  const run = createErrands({ catalogue, models, clock, log });
  const compact = createCompaction(run, conversations, log);
  const { readContent, limits, confirmAboveNanoUsd } = files;
  const gather = createGather(createBroughtReader({ readFileOf, readContent, limits, clock, log }));
  const obstacles = createObstacles(clock);
  const prepare = createPreparation({
    records,
    models,
    choose,
    seeing,
    gather,
    roles,
    obstacles,
    telemetry,
    log,
  });
  const requestAnswer = createRequesting({
    models,
    openAnswerer,
    compact,
    confirmAboveNanoUsd,
    demoNotice,
    timeZone,
    clock,
  });
  return {
    records,
    coordination,
    messenger,
    recovery: { catchUp, held, takeover },
    askModel: createModelAsker(prepare, requestAnswer, records, stops, messenger),
    obstacles,
    finderOf,
    titles: createTitles(run, log),
    telemetry,
    logContent,
  };
}
