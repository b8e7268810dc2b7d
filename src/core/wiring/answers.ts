import { createAnswerNow } from '../chat/answer/answer-now.ts';
import { createAsides } from '../chat/answer/asides.ts';
import { createTurnKeeper } from '../chat/answer/keep-turn.ts';
import { createReplacing } from '../chat/answer/replacing.ts';
import { createReporting } from '../chat/answer/report.ts';
import { createTitles, type Titles } from '../chat/answer/titles.ts';
import { createWrapUp } from '../chat/answer/wrap-up.ts';
import { createWriter } from '../chat/answer/writing.ts';
import { createModelAsker } from '../chat/question/ask-model.ts';
import type { RunJob } from '../chat/question/job.ts';
import { createObstacles } from '../chat/question/obstacles.ts';
import { createPriceOffer } from '../chat/question/offer-price.ts';
import { createPreparation } from '../chat/question/preparation.ts';
import { createRequesting } from '../chat/question/request.ts';
import { createSlotQueue } from '../chat/question/slot-queue.ts';
import { type CatchUp, createCatchUp } from '../chat/recovery/catch-up.ts';
import { createFinisher } from '../chat/recovery/finishing.ts';
import { createHeldAnswers } from '../chat/recovery/held-answers.ts';
import { createTakeover, type Takeover } from '../chat/recovery/takeover.ts';
import { createTurnRunner } from '../chat/turn.ts';
import { createErrands } from '../prompt/automatic.ts';
import { createCompaction } from '../prompt/compaction.ts';
import { createGather } from '../prompt/gather.ts';
import { createBroughtReader } from '../prompt/read-brought.ts';
import type { Foundations } from './foundations.ts';
import type { CoreOptions } from './options.ts';

/** From a question to its answer, in this process or another one. */
export interface Answers {
  readonly run: RunJob;
  readonly titles: Titles;
  readonly catchUp: CatchUp;
  readonly takeover: Takeover;
}

export function wireAnswers(options: CoreOptions, foundations: Foundations): Answers {
  const { store, platforms, files, clock, log } = options;
  const { retentionMs, catchUpMs, timeZone, logContent } = options.habits;
  const { coordination, records, messenger } = foundations;
  const { models } = foundations.money;
  const { roles } = foundations.access;
  const { telemetry } = foundations.logs;
  const { catalogue, choose, seeing, openAnswerer, demoNotice } = foundations.choice;
  const { journal, stops } = coordination;
  const { conversations, answers } = records;
  const { delivery, tell } = messenger;

  const runErrand = createErrands({ catalogue, models, clock, log });
  const titles = createTitles({ run: runErrand, log });
  const catchUp = createCatchUp(store, { maxAgeMs: catchUpMs, retentionMs, clock });
  const held = createHeldAnswers(store, answers, retentionMs);
  const finish = createFinisher(records, held, delivery);
  const takeover = createTakeover({ journal, answers, held, finish, delivery });
  const obstacles = createObstacles(clock);

  const { readContent, limits, confirmAboveNanoUsd } = files;
  const { readFileOf, finderOf } = platforms;
  const reader = createBroughtReader({ readFileOf, readContent, limits, clock, log });
  const gather = createGather(reader);
  const compact = createCompaction({ run: runErrand, conversations, log });
  const askModel = createModelAsker({
    prepare: createPreparation({
      records,
      models,
      choose,
      seeing,
      gather,
      roles,
      obstacles,
      telemetry,
      log,
    }),
    requestAnswer: createRequesting({
      models,
      openAnswerer,
      compact,
      confirmAboveNanoUsd,
      demoNotice,
      timeZone,
      clock,
    }),
    offerPrice: createPriceOffer(conversations, messenger),
    stops,
    tell,
    log,
  });
  const { unlocked } = takeover;
  const tellAsides = createAsides({ held, unlocked, obstacles, telemetry, messenger });
  const report = createReporting(telemetry, log, logContent);
  const answerNow = createAnswerNow(
    {
      findPlace: createReplacing({ answers, finderOf, messenger }),
      askModel,
      writeAnswer: createWriter(messenger),
      keepTurn: createTurnKeeper(records, stops),
      wrapUp: createWrapUp({ answers, titles, tellAsides, report, messenger }),
    },
    { records, catchUp, log },
  );
  const waitForSlot = createSlotQueue(options.models.slots, clock);
  const run = createTurnRunner({
    records,
    coordination,
    waitForSlot,
    answerNow,
    tell,
    telemetry,
    clock,
    log,
  });
  return { run, titles, catchUp, takeover };
}
