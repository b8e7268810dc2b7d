import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { PEOPLE } from '../../src/adapters/web/server/people.ts';
import { fileLimitsOf, readConfig } from '../../src/app/config/config.ts';
import { createFetch } from '../../src/app/http/http-client.ts';
import { createDrawChart } from '../../src/charts/draw-chart.ts';
import { commands as allCommands } from '../../src/commands/index.ts';
import { createCatalogue } from '../../src/core/catalogue/catalogue.ts';
import { type CatalogueFile, parseCatalogueFile } from '../../src/core/catalogue/file.ts';
import type { Command } from '../../src/core/command.ts';
import { createCore } from '../../src/core/core.ts';
import type { SharedLimiter } from '../../src/core/delivery/shared-limiter.ts';
import { createWriteLimiters, type WriteLimiters } from '../../src/core/delivery/write-limiter.ts';
import type { Dispatcher } from '../../src/core/dispatch/dispatch.ts';
import { createSlots } from '../../src/core/kit/scheduling/slots.ts';
import { type Clock, systemClock } from '../../src/core/kit/time/clock.ts';
import type { Ledger } from '../../src/core/ledger/ledger.ts';
import type { Actor, GuildId } from '../../src/core/ports/actor.ts';
import type { Adapter, AnswerFinder, ReadFile } from '../../src/core/ports/adapter.ts';
import type { Address } from '../../src/core/ports/address.ts';
import type { Automatic } from '../../src/core/ports/automatic.ts';
import type { Invocation, Place, PostedMessage, Press } from '../../src/core/ports/events.ts';
import type { FileLimits } from '../../src/core/ports/files.ts';
import type { LimitsConfig } from '../../src/core/ports/limits.ts';
import type { BroughtPart } from '../../src/core/ports/parts.ts';
import type { Store } from '../../src/core/ports/store.ts';
import type { Telemetry } from '../../src/core/ports/telemetry.ts';
import type { Tier } from '../../src/core/ports/tiers.ts';
import { ProviderClient, type ProviderClientOptions } from '../../src/core/provider/client.ts';
import type { Services } from '../../src/core/services.ts';
import { openStore } from '../../src/store/open-store.ts';
import { createMemorySurface, type MemorySurface, type MemorySurfaceOptions } from './memory-surface.ts';
import { NO_LIMITS } from './no-limits.ts';
import { NO_TELEMETRY } from './no-telemetry.ts';
import { createFakeProvider, type FakeProvider } from './provider/fake-provider.ts';
import { createLogRecorder, TIMEOUTS } from './provider/test-client.ts';
import { createReadHere } from './read-here.ts';

/** The whole core over a store in memory and a provider on loopback. No platform; surfaces remember what they show. */
export interface TestBot {
  readonly dispatch: Dispatcher;
  readonly services: Services;
  readonly provider: FakeProvider;
  readonly store: Store;
  readonly limiters: WriteLimiters;
  readonly ledger: Ledger;
  /** Adapters that find answers again: one that is made with the bot goes in here. */
  readonly finders: AnswerFinder[];
  readonly log: Logger;
  readonly logged: () => string;
  /** Messages to admins of guilds. */
  readonly told: { readonly guild: GuildId; readonly text: string }[];
  /** Gives the guild a tier. */
  grant(guild: GuildId, tier: Tier): Promise<void>;
  close(): Promise<void>;
}

export interface TestBotOptions {
  /** All by default. */
  readonly commands?: readonly Command[];
  readonly store?: Store;
  readonly defaultTier?: Tier;
  /** `free` by default. */
  readonly outsiderTier?: Tier;
  /** Tiers of Discord's purchases; none by default. */
  readonly skuTiers?: ReadonlyMap<string, Tier>;
  readonly defaultModel?: string;
  /** The operator's; none by default. */
  readonly instructions?: string;
  /** `OPERATOR_CONTACT`; none by default. */
  readonly operatorContact?: string;
  /** Makes the provider the demo: the variable whose key is missing. */
  readonly demoLacks?: string;
  /** Automatic tasks; summaries alone by default: titles would take replies that are meant for questions. */
  readonly automatic?: ReadonlySet<Automatic>;
  /** Ids of providers with a key; `openrouter` alone by default. */
  readonly keys?: readonly string[];
  /** `ENCRYPTION_KEY` and what it was before: one by default, so that guilds can bring keys; empty for none. */
  readonly encryptionKeys?: readonly Uint8Array[];
  /** None by default. */
  readonly limits?: LimitsConfig;
  /** 50 by default; two more may wait. */
  readonly maxStreamsPerGuild?: number;
  /** An hour by default. */
  readonly catchUpMs?: number;
  readonly logContent?: boolean;
  /** None by default. */
  readonly telemetry?: Telemetry;
  /** As `discord:<user>`. */
  readonly operators?: readonly string[];
  /** The platform on which answers of dead processes are finished; none by default. */
  readonly platform?: Pick<Adapter, 'platform' | 'reopen' | 'changeButtons'>;
  /** The system's by default. */
  readonly clock?: Clock;
  /** That of the limiters; `clock` by default. */
  readonly steadyClock?: Clock;
  /** None by default. */
  readonly sharedLimiter?: SharedLimiter;
  /** Reads the files of all platforms; there are none by default. */
  readonly readFile?: ReadFile;
  readonly fileLimits?: Partial<FileLimits>;
  /** None is asked by default. */
  readonly confirmAboveNanoUsd?: number;
  /** A provider to share; one of its own by default. All that the file names stand at its address. */
  readonly provider?: FakeProvider;
  /** The models file; `models.json` as it is delivered by default. */
  readonly file?: CatalogueFile;
  /** Options of the clients of all providers. */
  readonly client?: Partial<ProviderClientOptions>;
}

const MODELS_FILE = parseCatalogueFile(readFileSync('models.json', 'utf8'));
const FILE_LIMITS = fileLimitsOf(readConfig({}));

export async function createTestBot(options: TestBotOptions = {}): Promise<TestBot> {
  const { clock = systemClock } = options;
  const { log, lines } = createLogRecorder();
  const provider = options.provider ?? (await createFakeProvider());
  const store = options.store ?? (await openStore('memory:', { clock, log }));
  const file = options.file ?? MODELS_FILE;
  const keys = options.keys ?? ['openrouter'];
  const providers = new Map(
    file.providers.map((definition) => [
      definition.id,
      new ProviderClient({
        definition: { ...definition, baseUrl: provider.url },
        apiKey: keys.includes(definition.id) ? `sk-${definition.id}-operator` : null,
        fetch: createFetch(),
        clock,
        random: () => 0,
        log,
        timeouts: { ...TIMEOUTS, requestMs: 10_000, silenceMs: 10_000 },
        ...options.client,
      }),
    ]),
  );
  const fileLimits = { ...FILE_LIMITS, ...options.fileLimits };
  const told: TestBot['told'] = [];
  const finders: AnswerFinder[] = [];
  const limiters = createWriteLimiters(options.steadyClock ?? clock, options.sharedLimiter);
  const core = createCore({
    commands: options.commands ?? allCommands,
    store,
    models: {
      catalogue: createCatalogue(file),
      providers,
      operatorProviders: new Set(keys),
      searchProviders: new Set(
        file.providers.filter(({ features }) => features.webSearch).map(({ id }) => id),
      ),
      defaultModel: options.defaultModel ?? null,
      missingKeys: (models) => [
        ...new Set(
          models
            .flatMap(({ routes }) => routes.map(({ provider }) => provider))
            .filter((id) => !keys.includes(id))
            .map((id) => `${id.toUpperCase()}_API_KEY`),
        ),
      ],
      demoLacks: options.demoLacks ?? null,
      slots: createSlots({
        max: 100,
        maxPerGuild: options.maxStreamsPerGuild ?? 50,
        maxWaiting: 100,
        maxWaitingPerGuild: 2,
        clock,
      }),
    },
    access: {
      encryptionKeys: options.encryptionKeys ?? [randomBytes(32)],
      ownKeyProviders: providers,
      limits: options.limits ?? NO_LIMITS,
      defaultTier: options.defaultTier ?? 'free',
      outsiderTier: options.outsiderTier ?? 'free',
      skuTiers: options.skuTiers ?? new Map(),
      operators: new Set(options.operators),
      operatorContact: options.operatorContact ?? null,
    },
    platforms: {
      limiters,
      tellAdmins: async (guild, { text }) => {
        told.push({ guild, text });
        return true;
      },
      peopleIn: (guild) => (guild === 'web:local' ? PEOPLE : null),
      readFileOf: () => options.readFile ?? null,
      finderOf: () => finders[0] ?? options.platform ?? null,
    },
    files: {
      readContent: createReadHere(fileLimits),
      limits: fileLimits,
      confirmAboveNanoUsd: options.confirmAboveNanoUsd ?? null,
      drawChart: createDrawChart(log),
    },
    habits: {
      instructions: options.instructions ?? null,
      automatic: options.automatic ?? new Set(['summaries']),
      retentionMs: 86_400_000,
      catchUpMs: options.catchUpMs ?? 3_600_000,
      timeZone: 'UTC',
      logContent: options.logContent ?? false,
    },
    telemetry: options.telemetry ?? NO_TELEMETRY,
    clock,
    log,
  });
  const { services, dispatch } = core;
  const takeover = options.platform && core.takeOverThrough([options.platform]);

  return {
    dispatch,
    finders,
    services,
    provider,
    store,
    limiters,
    ledger: services.ledger,
    log,
    told,
    logged: () => lines.join(''),
    grant: (guild, tier) =>
      services.guilds.grant(guild, {
        tier,
        expiresAtMs: null,
        reason: 'a test',
        by: 'test',
        replacesDefault: true,
      }),
    async close() {
      await takeover?.stop();
      await services.chat.drain(0);
      await core.stop();
      if (options.provider === undefined) await provider.close();
      if (options.store === undefined) await store.close();
    },
  };
}

export function testActor(
  user: string,
  traits: { guild?: GuildId; isAdmin?: boolean; groups?: readonly string[] | null } = {},
): Actor {
  return {
    guild: traits.guild ?? 'discord:1',
    user,
    name: user.charAt(0).toUpperCase() + user.slice(1),
    managesGuild: async () => traits.isAdmin ?? false,
    groups: async () => (traits.groups === undefined ? [] : traits.groups),
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
  event: TestEvent & { isFilledIn?: boolean } = {},
): Invocation & { readonly surface: MemorySurface } {
  return { ...eventOf(event), command, options, isFilledIn: event.isFilledIn ?? true };
}

export function messageOf(
  text: string,
  event: TestEvent & {
    addressed?: boolean;
    address?: Partial<Address>;
    brought?: readonly BroughtPart[];
  } = {},
): PostedMessage & { readonly surface: MemorySurface } {
  const mentionsBot = event.addressed ?? true;
  const address = { isDirect: false, mentionsBot, opensWithOther: false, repliesTo: null, ...event.address };
  return { ...eventOf(event), parts: [{ type: 'text', text }, ...(event.brought ?? [])], address };
}

export function pressOf(
  button: Press['button'],
  answerId: string,
  event: TestEvent & { given?: Press['given'] } = {},
): Press & { readonly surface: MemorySurface; readonly retired: () => number } {
  let retired = 0;
  return {
    ...eventOf(event),
    button,
    answerId,
    given: event.given ?? {},
    retire: async () => {
      retired++;
    },
    openThread: async () => `thread of ${answerId}`,
    retired: () => retired,
  };
}
