import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { createAuditLog } from './access/audit.ts';
import { createGuilds } from './access/guilds.ts';
import { createKeyStore } from './access/key-store.ts';
import { createKeyWarnings } from './access/key-warnings.ts';
import { createOwnKeys, type OwnKeysOptions } from './access/own-keys.ts';
import type { Catalogue } from './catalogue/catalogue.ts';
import { createCatchUp } from './chat/catch-up.ts';
import { createChat } from './chat/chat.ts';
import { createFallbacks } from './chat/fallbacks.ts';
import { createGreetings } from './chat/greetings.ts';
import { createHeldAnswers } from './chat/held-answers.ts';
import { createPauses } from './chat/pause.ts';
import { MAX_WAITING } from './chat/question.ts';
import { createRouteRest } from './chat/route-rest.ts';
import type { Slots } from './chat/slots.ts';
import { startTakeover, type Takeover } from './chat/takeover.ts';
import { createTitles } from './chat/titles.ts';
import { createAnswersUnderWay } from './chat/under-way.ts';
import type { Command } from './command.ts';
import { createAnswerRecords } from './conversations/answer-records.ts';
import { createConversations } from './conversations/conversations.ts';
import { createDeletion } from './conversations/deletion.ts';
import { createListening } from './conversations/listening.ts';
import { createModelChooser, createSeeingModel } from './conversations/model-choice.ts';
import { createOutcomeLog, startCounting } from './conversations/outcomes.ts';
import { createPersonas } from './conversations/personas.ts';
import { createPrivacy } from './conversations/privacy.ts';
import { startRetention } from './conversations/retention.ts';
import { createSettings } from './conversations/settings.ts';
import { createJournal } from './coordination/journal.ts';
import { createLiveAnswers } from './coordination/live-answers.ts';
import { createLocks } from './coordination/locks.ts';
import { createOnce } from './coordination/once.ts';
import { createStops } from './coordination/stops.ts';
import { createTurns } from './coordination/turns.ts';
import type { WriteLimiters } from './delivery/write-limiter.ts';
import { createDispatch, type Dispatcher } from './dispatch/dispatch.ts';
import { createCleanupStack } from './kit/cleanup-stack.ts';
import type { Clock } from './kit/clock.ts';
import type { Background } from './kit/repeat.ts';
import { createFeedbackLog } from './ledger/feedback.ts';
import { createLedger } from './ledger/ledger.ts';
import { createModelRequests } from './ledger/model-requests.ts';
import { createLimitRules } from './ledger/rules.ts';
import { createUsageLog } from './ledger/usage.ts';
import { createLimitWarnings } from './ledger/warnings.ts';
import { createRoles, type GuildId, type PeopleIn } from './ports/actor.ts';
import type { Adapter, AnswerFinder, ReadFile, TellAdmins } from './ports/adapter.ts';
import type { Automatic } from './ports/automatic.ts';
import type { DrawChart } from './ports/chart.ts';
import { type FileLimits, FileUnavailable, type ReadContent } from './ports/files.ts';
import { type LimitsConfig, NO_LIMITS } from './ports/limits.ts';
import type { Model } from './ports/model.ts';
import { createNameOperator } from './ports/operator.ts';
import type { ChatProvider } from './ports/provider.ts';
import type { Store } from './ports/store.ts';
import type { Telemetry } from './ports/telemetry.ts';
import type { Tier } from './ports/tiers.ts';
import { createErrands } from './prompt/automatic.ts';
import { createCompaction } from './prompt/compaction.ts';
import { createGather } from './prompt/gather.ts';
import { createLookAhead } from './prompt/preview.ts';
import { createBroughtReader } from './prompt/read-brought.ts';
import type { Services } from './services.ts';

/** Everything that Parley is between platforms, providers and the store, wired. */
export interface Core {
  readonly services: Services;
  /** For the adapters. */
  readonly dispatch: Dispatcher;
  answersInFlight(): number;
  /** From now on ends, through these adapters, what dead processes left. Its `stop` comes before the adapters'. */
  takeOverThrough(adapters: readonly Pick<Adapter, 'platform' | 'reopen'>[]): Background;
  /** Lets go of everything. Call it when `services.chat.drain` has resolved. */
  stop(): Promise<void>;
}

export interface CoreOptions {
  readonly commands: readonly Command[];
  readonly store: Store;
  readonly catalogue: Catalogue;
  /** By id. */
  readonly providers: ReadonlyMap<string, ChatProvider>;
  /** Ids of those that the operator can pay for. */
  readonly operatorProviders: ReadonlySet<string>;
  /** Ids of those that can search the web. */
  readonly searchProviders: ReadonlySet<string>;
  /** `ENCRYPTION_KEY`, then what it was before: under these guilds' own keys are sealed. Empty where guilds bring none. */
  readonly encryptionKeys: readonly Uint8Array[];
  /** Those that a guild can bring a key for, by id. */
  readonly providersForOwnKeys: OwnKeysOptions['providers'];
  /** Read at each request. Null if nothing is limited. */
  readonly limits: LimitsConfig | null;
  readonly defaultTier: Tier;
  /** Of people from elsewhere, in channels that guilds share. */
  readonly outsiderTier: Tier;
  /** Tiers that come with Discord's purchases, by SKU. */
  readonly skuTiers: ReadonlyMap<string, Tier>;
  /** Catalogue id; null for the first free one. */
  readonly defaultModel: string | null;
  /** The operator's instructions for the model, in every guild; null for none. */
  readonly instructions: string | null;
  /** Who runs this installation, for people; null if the operator does not say. */
  readonly operatorContact: string | null;
  /** The variables that are to hold the keys of the providers that these models lead to, of those without one. */
  readonly missingKeys: (models: readonly Model[]) => readonly string[];
  /** The variable whose key would put a model in the place of the demo; null if models answer. */
  readonly demoLacks: string | null;
  /** What may spend by itself, in every guild that does not switch it off. */
  readonly automatic: ReadonlySet<Automatic>;
  /** As `<platform>:<user>`. */
  readonly operators: ReadonlySet<string>;
  readonly slots: Slots;
  readonly limiters: WriteLimiters;
  readonly telemetry: Telemetry;
  readonly tellAdmins: TellAdmins;
  readonly peopleIn: PeopleIn;
  readonly drawChart: DrawChart;
  /** Fetches a file of a platform; null for platforms that have none. */
  readonly readFileOf: (guild: GuildId) => ReadFile | null;
  /** Finds answers of a platform again; null for one that does not run here. */
  readonly finderOf: (guild: GuildId) => AnswerFinder | null;
  readonly readContent: ReadContent;
  readonly fileLimits: FileLimits;
  /** What comes with a question may cost so much without the person being asked first; null for any price. */
  readonly confirmAboveNanoUsd: number | null;
  readonly retentionMs: number;
  /** How old a message may be that was missed and is answered all the same; 0 for none. */
  readonly catchUpMs: number;
  /** In which days and months of limits begin. */
  readonly timeZone: string;
  /** Whether questions and answers stand in the log. */
  readonly logContent: boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createCore(options: CoreOptions): Core {
  const { commands, store, catalogue, providers, operatorProviders, searchProviders, slots, limiters } =
    options;
  const { telemetry, tellAdmins, drawChart, retentionMs, timeZone, logContent, clock, log } = options;
  const { claims, records } = store;
  /** Names this process in leases. */
  const owner = randomUUID();
  const closing = createCleanupStack();

  const locks = createLocks({ store, owner, clock, log });
  closing.add(() => locks.stop());
  const audit = createAuditLog(records);
  const once = createOnce({ store, owner, clock, log });
  closing.add(() => once.stop());
  const onFailure = createKeyWarnings({ once, tellAdmins, clock });
  const keys = createKeyStore({ store, encryptionKeys: options.encryptionKeys, clock });
  const ownKeys = createOwnKeys({
    keys,
    providers: options.providersForOwnKeys,
    locks,
    audit,
    onFailure,
    clock,
    log,
  });
  const { defaultTier, outsiderTier, skuTiers } = options;
  const guilds = createGuilds({ store, clock, audit, keys, defaultTier, outsiderTier, skuTiers });
  const conversations = createConversations(store, locks, retentionMs);
  const listening = createListening(store, conversations, { retentionMs, clock });
  const personas = createPersonas(store, locks);
  const settings = createSettings({
    store,
    locks,
    conversations,
    personas,
    instructions: options.instructions,
    automatic: options.automatic,
  });
  const roles = createRoles(options.operators);

  const limits = createLimitRules({ store, locks, config: options.limits, audit, clock });
  const ledger = createLedger({
    store,
    clock,
    log,
    timeZone,
    get installation() {
      return (options.limits ?? NO_LIMITS).installation;
    },
    owner,
    async lookUpCost({ entry: { guild, provider: id, payer }, generationId }, signal) {
      const provider = providers.get(id);
      const key = payer === 'guild' ? await ownKeys.useKey(guild, id) : undefined;
      if (provider === undefined || key === null) return null;
      return provider.generationCost(generationId, key?.secret, signal);
    },
  });
  closing.add(() => ledger.stop());
  const warnings = createLimitWarnings({ once, tellAdmins, clock, timeZone, log });
  const models = createModelRequests({
    catalogue,
    guilds,
    ownKeys,
    ledger,
    limits,
    warnings,
    providers,
    operatorProviders,
    searchProviders,
    clock,
    timeZone,
  });
  const { defaultModel, missingKeys, operatorContact, demoLacks } = options;
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
  closing.add(() => titles.stop());
  const rest = createRouteRest({ store, clock, log });
  const openAnswerer = createFallbacks({ catalogue, rest, telemetry, log });

  const reader = createBroughtReader({
    async fetchFile(guild, { reference }, maxBytes, signal) {
      const readFile = options.readFileOf(guild);
      if (readFile === null) throw new FileUnavailable('Files of this platform cannot be read.');
      return readFile(reference, maxBytes, signal);
    },
    readContent: options.readContent,
    limits: options.fileLimits,
    clock,
    log,
  });
  const live = createLiveAnswers();
  const answers = createAnswerRecords(store, retentionMs);
  const journal = createJournal({ store, owner, clock, log });
  const stops = createStops({ claims, records, live, owner, clock, log });
  const held = createHeldAnswers(store, answers, retentionMs);
  let takeover: Takeover | null = null;
  const opened: Takeover['opened'] = (platform, at) => takeover?.opened(platform, at);
  const turns = createTurns(locks, MAX_WAITING);
  closing.add(() => Promise.all([journal.stop(), stops.stop()]));
  const catchUp = createCatchUp(store, { maxAgeMs: options.catchUpMs, retentionMs, clock });
  const pauses = createPauses(store, audit, clock);
  const feedback = createFeedbackLog(records);
  const outcomes = createOutcomeLog(records);
  const counting = startCounting({ outcomes, clock, log });
  closing.add(() => counting.stop());
  const chat = createChat({
    catchUp,
    pauses,
    feedback,
    conversations,
    answers,
    listening,
    live,
    stops,
    journal,
    turns,
    slots,
    models,
    choose,
    settings,
    finderOf: options.finderOf,
    held,
    opened,
    openAnswerer,
    seeing: createSeeingModel({ catalogue, models }),
    gather: createGather({ reader }),
    compact: createCompaction({ run: errands, conversations, log }),
    titles,
    confirmAboveNanoUsd: options.confirmAboveNanoUsd,
    roles,
    nameOperator,
    demoNotice,
    limiters,
    clock,
    timeZone,
    telemetry: {
      ...telemetry,
      answered(facts) {
        counting.note(facts);
        telemetry.answered(facts);
      },
    },
    log,
    logContent,
  });

  const usage = createUsageLog(records);
  const privacy = createPrivacy({
    stops,
    conversations,
    answers,
    settings,
    personas,
    usage,
    feedback,
    outcomes,
    ledger,
    limits,
    audit,
    clock,
  });
  const retention = startRetention({ usage, feedback, outcomes, audit, retentionMs, clock, log });
  closing.add(() => retention.stop());

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
    mayRunByItself: (what) => options.automatic.has(what),
    personas,
    guilds,
    ownKeys,
    audit,
    outcomes,
    underWay: createAnswersUnderWay({ claims, stops, audit, clock }),
    rest,
    privacy,
    roles,
    peopleIn: options.peopleIn,
    operatorContact,
    clock,
    usage,
    feedback,
    deletion: createDeletion({ answers, conversations, live, roles }),
    drawChart,
    timeZone,
  };
  return {
    services,
    dispatch: createDispatch({
      commands,
      services,
      journal,
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
    stop: () => closing.close(),
  };
}
