import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { createDrawChart } from '../../src/charts/draw-chart.ts';
import { commands } from '../../src/commands/index.ts';
import { createAuditLog } from '../../src/core/access/audit.ts';
import { createGuilds } from '../../src/core/access/guilds.ts';
import type { Tier } from '../../src/core/access/tiers.ts';
import { type Actor, createRoles, type GuildId } from '../../src/core/actor.ts';
import type { Adapter, Invocation, Place, PostedMessage, Press } from '../../src/core/adapter.ts';
import { createCatalogue } from '../../src/core/catalogue/catalogue.ts';
import { parseCatalogueFile } from '../../src/core/catalogue/catalogue-file.ts';
import { createAnswerRecords } from '../../src/core/chat/answer-records.ts';
import { createChat } from '../../src/core/chat/chat.ts';
import { createConversations } from '../../src/core/chat/conversations.ts';
import { createLiveAnswers } from '../../src/core/chat/live-answers.ts';
import { createModelChooser } from '../../src/core/chat/model-choice.ts';
import { createPrivacy } from '../../src/core/chat/privacy.ts';
import { MAX_WAITING } from '../../src/core/chat/question-runner.ts';
import { createRemoteStops } from '../../src/core/chat/remote-stops.ts';
import { createSettings } from '../../src/core/chat/settings.ts';
import { createSlots } from '../../src/core/chat/slots.ts';
import { createTurns } from '../../src/core/chat/turns.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { createDispatch, type Dispatcher } from '../../src/core/dispatch.ts';
import { createJournal } from '../../src/core/journal/journal.ts';
import { startPickUp } from '../../src/core/journal/pick-up.ts';
import { createLedger, type Ledger } from '../../src/core/ledger/ledger.ts';
import { createLimitRules } from '../../src/core/ledger/limit-rules.ts';
import { createLimitWarnings } from '../../src/core/ledger/limit-warnings.ts';
import { type LimitsConfig, NO_LIMITS } from '../../src/core/ledger/limits.ts';
import { createModelRequests } from '../../src/core/ledger/model-requests.ts';
import { createUsageLog } from '../../src/core/ledger/usage.ts';
import { createProviderClient } from '../../src/core/provider/client.ts';
import { createPacers, type Pacers } from '../../src/core/reply/pacer.ts';
import type { Services } from '../../src/core/services.ts';
import type { Store } from '../../src/core/store.ts';
import { NO_TELEMETRY } from '../../src/core/telemetry.ts';
import { createTokenEstimator } from '../../src/core/tokens/estimator.ts';
import { openStore } from '../../src/store/open-store.ts';
import { createMemorySurface, type MemorySurface, type MemorySurfaceOptions } from './memory-surface.ts';
import { createFakeProvider, type FakeProvider } from './provider/fake-provider.ts';
import { createLogRecorder } from './provider/test-client.ts';

/** The whole core over a store in memory and a provider on loopback. No platform; surfaces remember what they show. */
export interface TestBot {
  readonly dispatch: Dispatcher;
  readonly services: Services;
  readonly provider: FakeProvider;
  readonly store: Store;
  readonly pacers: Pacers;
  readonly ledger: Ledger;
  readonly log: Logger;
  readonly logged: () => string;
  /** What admins of guilds were told. */
  readonly told: { readonly guild: GuildId; readonly text: string }[];
  /** Gives the guild a tier. */
  grant(guild: GuildId, tier: Tier): Promise<void>;
  close(): Promise<void>;
}

export interface TestBotOptions {
  readonly store?: Store;
  readonly defaultTier?: Tier;
  /** What Discord's purchases come with; nothing by default. */
  readonly skuTiers?: ReadonlyMap<string, Tier>;
  readonly defaultModel?: string;
  /** Ids of providers with a key; `openrouter` alone by default. */
  readonly keys?: readonly string[];
  /** None by default. */
  readonly limits?: LimitsConfig;
  /** 50 by default; two more may wait. */
  readonly maxStreamsPerGuild?: number;
  readonly logContent?: boolean;
  /** As `discord:<user>`. */
  readonly operators?: readonly string[];
  /** Where answers that dead processes left are ended; nowhere by default. */
  readonly platform?: Pick<Adapter, 'platform' | 'reopen'>;
  /** The system's by default. */
  readonly clock?: Clock;
  /** That of the pacers; `clock` by default. */
  readonly steadyClock?: Clock;
  /** A provider to share; one of its own by default. */
  readonly provider?: FakeProvider;
}

export async function createTestBot(options: TestBotOptions = {}): Promise<TestBot> {
  const { clock = systemClock } = options;
  const { log, lines } = createLogRecorder();
  const provider = options.provider ?? (await createFakeProvider());
  const store = options.store ?? (await openStore('memory:', { clock, log }));
  const file = parseCatalogueFile(readFileSync('models.json', 'utf8'));
  const catalogue = createCatalogue(file);
  const tokens = createTokenEstimator({ log });
  const audit = createAuditLog(store.records);
  const guilds = createGuilds({
    store,
    clock,
    audit,
    defaultTier: options.defaultTier ?? 'free',
    ...(options.skuTiers === undefined ? {} : { skuTiers: options.skuTiers }),
  });
  const settings = createSettings(store);
  const keys = options.keys ?? ['openrouter'];
  const providers = new Map(
    file.providers.map((definition) => [
      definition.id,
      createProviderClient({
        definition: { ...definition, baseUrl: provider.url },
        apiKey: keys.includes(definition.id) ? `sk-${definition.id}-operator` : null,
        fetch,
        clock,
        random: () => 0,
        log,
        requestTimeoutMs: 10_000,
        idleTimeoutMs: 10_000,
      }),
    ]),
  );
  const owner = randomUUID();
  const limits = options.limits ?? NO_LIMITS;
  const rules = createLimitRules({ store, config: limits, audit, clock });
  const ledger = createLedger({
    store: store.ledger,
    clock,
    log,
    timeZone: 'UTC',
    installation: limits.installation,
    owner,
    lookUpCost: async ({ entry, generationId }, signal) =>
      (await providers.get(entry.provider)?.generationCost(generationId, undefined, signal)) ?? null,
  });
  const told: TestBot['told'] = [];
  const warnings = createLimitWarnings({
    claims: store.claims,
    owner,
    tellAdmins: async (guild, { text }) => {
      told.push({ guild, text });
      return true;
    },
    clock,
    timeZone: 'UTC',
    log,
  });
  const models = createModelRequests({
    catalogue,
    guilds,
    ledger,
    limits: rules,
    warnings,
    providers,
    operatorProviders: new Set(keys),
    tokens,
    clock,
    timeZone: 'UTC',
  });
  const choose = createModelChooser({
    catalogue,
    settings,
    models,
    defaultModel: options.defaultModel ?? null,
  });
  const roles = createRoles(new Set(options.operators));
  const pacers = createPacers(options.steadyClock ?? clock);
  const conversations = createConversations(store, 86_400_000);
  const answers = createAnswerRecords(store, 86_400_000);
  const journal = createJournal({ claims: store.claims, owner, clock, log });
  const live = createLiveAnswers();
  const remoteStops = createRemoteStops({ records: store.records, live, clock, log });
  const turns = createTurns({ maxWaiting: MAX_WAITING, claims: store.claims, owner, clock, log });
  const chat = createChat({
    conversations,
    answers,
    live,
    journal,
    turns,
    remoteStops,
    slots: createSlots({
      max: 100,
      maxPerGuild: options.maxStreamsPerGuild ?? 50,
      maxWaiting: 100,
      maxWaitingPerGuild: 2,
      clock,
    }),
    models,
    choose,
    tokens,
    roles,
    pacers,
    clock,
    timeZone: 'UTC',
    telemetry: NO_TELEMETRY,
    log,
    logContent: options.logContent ?? false,
  });
  const usage = createUsageLog(store.records);
  const privacy = createPrivacy({
    chat,
    live,
    conversations,
    answers,
    settings,
    usage,
    limits: rules,
    audit,
    clock,
  });
  const services: Services = {
    chat,
    ledger,
    limits: rules,
    catalogue,
    models,
    choose,
    settings,
    guilds,
    audit,
    privacy,
    roles,
    clock,
    usage,
    drawChart: createDrawChart(log),
    timeZone: 'UTC',
  };
  const dispatch = createDispatch({
    commands,
    services,
    journal,
    log,
  });
  const pickUp =
    options.platform === undefined
      ? null
      : startPickUp({
          journal,
          adapters: [options.platform],
          answers,
          conversations,
          tokens,
          pacers,
          clock,
          log,
        });

  return {
    dispatch,
    services,
    provider,
    store,
    pacers,
    ledger,
    log,
    told,
    logged: () => lines.join(''),
    grant: (guild, tier) =>
      guilds.grant(guild, { tier, expiresAtMs: null, reason: 'a test', by: 'test', replacesDefault: true }),
    async close() {
      await pickUp?.stop();
      await chat.drain(0);
      await Promise.all([journal.stop(), turns.stop(), remoteStops.stop()]);
      await warnings.stop();
      await ledger.stop();
      await tokens.close();
      if (options.provider === undefined) await provider.close();
      if (options.store === undefined) await store.close();
    },
  };
}

export function testActor(user: string, traits: { guild?: GuildId; isAdmin?: boolean } = {}): Actor {
  return {
    guild: traits.guild ?? 'discord:1',
    user,
    name: user.charAt(0).toUpperCase() + user.slice(1),
    managesGuild: async () => traits.isAdmin ?? false,
  };
}

/** A surface that no limit slows down. */
export function testSurface(options: Partial<MemorySurfaceOptions> = {}): MemorySurface {
  const scope = { key: `test ${randomUUID()}`, limit: 1_000, windowMs: 1_000 };
  return createMemorySurface({
    clock: systemClock,
    scope,
    openScope: scope,
    canContinueInThread: true,
    ...options,
  });
}

export interface TestEvent {
  readonly actor?: Actor;
  readonly place?: Partial<Place>;
  readonly surface?: MemorySurface;
  readonly id?: string;
}

function eventOf({ actor = testActor('mia'), place, surface = testSurface(), id = randomUUID() }: TestEvent) {
  return { id, actor, surface, place: { guild: actor.guild, channel: 'c1', key: null, ...place } };
}

export function invocationOf(
  command: string,
  options: Record<string, unknown> = {},
  event: TestEvent = {},
): Invocation & { readonly surface: MemorySurface } {
  return { ...eventOf(event), command, options };
}

export function messageOf(
  text: string,
  event: TestEvent & { addressed?: boolean } = {},
): PostedMessage & { readonly surface: MemorySurface } {
  return { ...eventOf(event), text, addressed: event.addressed ?? true };
}

export function pressOf(
  button: Press['button'],
  answerId: string,
  event: TestEvent = {},
): Press & { readonly surface: MemorySurface; readonly retired: () => number } {
  let retired = 0;
  return {
    ...eventOf(event),
    button,
    answerId,
    retire: async () => {
      retired++;
    },
    openThread: async () => `thread of ${answerId}`,
    retired: () => retired,
  };
}
