import { createDeletion } from './chat/actions/deletion.ts';
import { createTitles } from './chat/answer/titles.ts';
import { createChat } from './chat/chat.ts';
import { createPauses } from './chat/pause.ts';
import { createCatchUp } from './chat/recovery/catch-up.ts';
import { createHeldAnswers } from './chat/recovery/held-answers.ts';
import { startTakeover, type Takeover } from './chat/recovery/takeover.ts';
import { createAnswersUnderWay } from './chat/under-way.ts';
import { createAnswerRecords } from './conversations/answer-records.ts';
import { createConversations } from './conversations/conversations.ts';
import { createListening } from './conversations/listening.ts';
import { createPersonas } from './conversations/personas.ts';
import { createPrivacy } from './conversations/privacy.ts';
import { createSettings } from './conversations/settings.ts';
import { createDispatch, type Dispatcher } from './dispatch/dispatch.ts';
import { createGreetings } from './dispatch/greetings.ts';
import type { Background } from './kit/repeat.ts';
import { createModelChooser, createSeeingModel } from './model-choice/chooser.ts';
import { createFallbacks } from './model-choice/fallbacks.ts';
import { createRouteRest } from './model-choice/route-rest.ts';
import type { Adapter } from './ports/adapter.ts';
import { FileUnavailable } from './ports/files.ts';
import { createNameOperator } from './ports/operator.ts';
import { createErrands } from './prompt/automatic.ts';
import { createCompaction } from './prompt/compaction.ts';
import { createGather } from './prompt/gather.ts';
import { createLookAhead } from './prompt/preview.ts';
import { createBroughtReader } from './prompt/read-brought.ts';
import { createSecretCheck } from './prompt/secrets.ts';
import type { Services } from './services.ts';
import { wireAccess } from './wiring/access.ts';
import { wireCoordination } from './wiring/coordination.ts';
import { wireMoney } from './wiring/money.ts';
import type { CoreOptions } from './wiring/options.ts';
import { wireRecords } from './wiring/records.ts';

/** Everything between platforms, providers and the store, wired together. */
export interface Core {
  readonly services: Services;
  /** For the adapters. */
  readonly dispatch: Dispatcher;
  answersInFlight(): number;
  /** Starts recovering the answers of crashed processes through these adapters. Stop the result before the adapters. */
  takeOverThrough(adapters: readonly Pick<Adapter, 'platform' | 'reopen'>[]): Background;
  /** Releases everything. Call it once `services.chat.drain` has resolved. */
  stop(): Promise<void>;
}

export function createCore(options: CoreOptions): Core {
  const { commands, store, platforms, files, telemetry, clock, log } = options;
  const { catalogue, defaultModel, missingKeys, demoLacks, slots } = options.models;
  const { instructions, automatic, retentionMs, catchUpMs, timeZone, logContent } = options.habits;
  const { operatorContact } = options.access;
  const { limiters, finderOf } = platforms;

  const coordination = wireCoordination(options);
  const { locks, once, journal, live, stops } = coordination;
  const access = wireAccess(options, coordination);
  const { audit, guilds, ownKeys, roles } = access;
  const { limits, ledger, models } = wireMoney(options, coordination, access);
  const records = wireRecords(options, audit);
  const { usage, feedback, outcomes } = records;

  const conversations = createConversations(store, retentionMs);
  const listening = createListening(store, conversations, { retentionMs, clock });
  const personas = createPersonas(store, locks);
  const settings = createSettings({ store, locks, conversations, personas, instructions, automatic });

  const choose = createModelChooser({ catalogue, models, defaultModel, missingKeys });
  const nameOperator = createNameOperator(operatorContact);
  const demoNotice =
    demoLacks &&
    nameOperator(
      `This is a scripted demo: no language model is set up yet. The operator must set \`${demoLacks}\`.`,
    );
  const greetings = createGreetings({ store, once, choose, demoNotice, operatorContact, clock, log });
  const errands = createErrands({ catalogue, models, clock, log });
  const titles = createTitles({ run: errands, log });
  const rest = createRouteRest({ store, clock, log });
  const openAnswerer = createFallbacks({ catalogue, rest, telemetry, log });

  const reader = createBroughtReader({
    async fetchFile(guild, { reference }, maxBytes, signal) {
      const readFile = platforms.readFileOf(guild);
      if (readFile === null) throw new FileUnavailable('Files of this platform cannot be read.');
      return readFile(reference, maxBytes, signal);
    },
    readContent: files.readContent,
    limits: files.limits,
    clock,
    log,
  });
  const answers = createAnswerRecords(store, retentionMs);
  const held = createHeldAnswers(store, answers, retentionMs);
  let takeover: Takeover | null = null;
  const opened: Takeover['opened'] = (platform, at) => takeover?.opened(platform, at);
  const catchUp = createCatchUp(store, { maxAgeMs: catchUpMs, retentionMs, clock });
  const pauses = createPauses(store, audit, clock);
  const chat = createChat({
    secretIn: createSecretCheck(commands),
    catchUp,
    pauses,
    feedback,
    conversations,
    answers,
    listening,
    live,
    stops,
    journal,
    locks,
    slots,
    models,
    choose,
    settings,
    finderOf,
    held,
    opened,
    openAnswerer,
    seeing: createSeeingModel({ catalogue, models }),
    gather: createGather({ reader }),
    compact: createCompaction({ run: errands, conversations, log }),
    titles,
    confirmAboveNanoUsd: files.confirmAboveNanoUsd,
    roles,
    nameOperator,
    demoNotice,
    limiters,
    clock,
    timeZone,
    telemetry: records.telemetry,
    log,
    logContent,
  });

  const privacy = createPrivacy({
    stops,
    conversations,
    answers,
    settings,
    personas,
    logs: records,
    ledger,
    limits,
    audit,
    clock,
  });
  const services: Services = {
    pauses,
    chat,
    ledger,
    limits,
    catalogue,
    models,
    choose,
    settings,
    lookAhead: createLookAhead({ catalogue, models, choose, settings, clock }),
    mayRunByItself: (what) => automatic.has(what),
    personas,
    guilds,
    ownKeys,
    audit,
    outcomes,
    underWay: createAnswersUnderWay({ claims: store.claims, answers, stops, audit, clock }),
    rest,
    privacy,
    roles,
    peopleIn: platforms.peopleIn,
    operatorContact,
    clock,
    usage,
    feedback,
    deletion: createDeletion({ answers, conversations, live, roles }),
    drawChart: files.drawChart,
    timeZone,
  };
  return {
    services,
    dispatch: createDispatch({
      commands,
      services,
      journal,
      stops,
      locks,
      catchUp,
      greetings,
      opened,
      nameOperator,
      log,
    }),
    answersInFlight: () => live.size,
    takeOverThrough(adapters) {
      takeover = startTakeover({ journal, adapters, answers, held, conversations, limiters, clock, log });
      return takeover;
    },
    async stop() {
      await using closing = new AsyncDisposableStack();
      // From bottom to top: what writes stops before what it writes through.
      for (const each of [locks, once, ledger, journal, stops, titles, records]) {
        closing.defer(() => each.stop());
      }
    },
  };
}
