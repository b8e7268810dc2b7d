import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Shards } from './adapters/discord/client.ts';
import type { SlackAdapterOptions } from './adapters/slack/adapter.ts';
import { createDrawChart } from './charts/draw-chart.ts';
import { commands } from './commands/index.ts';
import type { Config } from './config.ts';
import { type AccessTerms, checkAccess } from './core/access/access.ts';
import { createAuditLog } from './core/access/audit.ts';
import { createGuilds } from './core/access/guilds.ts';
import type { Tier } from './core/access/tiers.ts';
import { createRoles, type GuildId, platformOf } from './core/actor.ts';
import { type Adapter, StartError } from './core/adapter.ts';
import { type Catalogue, createCatalogue } from './core/catalogue/catalogue.ts';
import { parseCatalogueFile } from './core/catalogue/catalogue-file.ts';
import { startCatalogueRefresh } from './core/catalogue/catalogue-refresh.ts';
import { createAnswerRecords } from './core/chat/answer-records.ts';
import { createChat } from './core/chat/chat.ts';
import { createConversations } from './core/chat/conversations.ts';
import { createLiveAnswers } from './core/chat/live-answers.ts';
import { createModelChooser } from './core/chat/model-choice.ts';
import { createPrivacy } from './core/chat/privacy.ts';
import { MAX_WAITING } from './core/chat/question-runner.ts';
import { createRemoteStops } from './core/chat/remote-stops.ts';
import { startRetention } from './core/chat/retention.ts';
import { createSettings } from './core/chat/settings.ts';
import { createSlots } from './core/chat/slots.ts';
import { createTurns } from './core/chat/turns.ts';
import { steadyClock, systemClock } from './core/clock.ts';
import { createDispatch } from './core/dispatch.ts';
import { createJournal } from './core/journal/journal.ts';
import { startPickUp } from './core/journal/pick-up.ts';
import { createLedger } from './core/ledger/ledger.ts';
import { createLimitRules } from './core/ledger/limit-rules.ts';
import { createLimitWarnings } from './core/ledger/limit-warnings.ts';
import { NO_LIMITS } from './core/ledger/limits.ts';
import { createModelRequests } from './core/ledger/model-requests.ts';
import { createUsageLog } from './core/ledger/usage.ts';
import { createPacers } from './core/reply/pacer.ts';
import type { Services } from './core/services.ts';
import { createTokenEstimator } from './core/tokens/estimator.ts';
import { forOperator } from './guard.ts';
import { healthRoutes } from './health.ts';
import { createMetrics } from './metrics.ts';
import { openProviders } from './providers.ts';
import { createHttpServer } from './server.ts';
import { startBlock } from './start-block.ts';
import { openStore } from './store/open-store.ts';

/** Parley at work. */
export interface App {
  /** What a person reads on the terminal. */
  readonly block: string;
  readonly graceMs: number;
  answersInFlight(): number;
  /** Takes no more questions, lets answers finish for so long, and lets go of everything. */
  stop(graceMs: number): Promise<void>;
}

export interface AppOptions {
  readonly config: Config;
  /** The content of `models.json`. */
  readonly modelsFile: string;
  /** The key in an environment variable that the models file names. */
  readonly keyIn: (variable: string) => string | undefined;
  readonly log: Logger;
}

const DAY_MS = 86_400_000;

/**
 * Wires everything and resolves when it is at work.
 *
 * @throws StartError, CatalogueFileError
 */
export async function startApp({ config, modelsFile, keyIn, log }: AppOptions): Promise<App> {
  const clock = systemClock;
  const closing: (() => Promise<unknown> | unknown)[] = [];
  async function closeAll(): Promise<void> {
    const faults: unknown[] = [];
    for (const close of closing.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        faults.push(error);
      }
    }
    if (faults.length > 0) throw new AggregateError(faults, 'not everything could be closed');
  }

  try {
    const file = parseCatalogueFile(modelsFile);
    const store = await openStore(config.STORE_URL, { clock, log });
    closing.push(() => store.close());

    const withPlayground = isPlaygroundOn(config);
    const providers = await openProviders({ config, file, keyIn, withPlayground, clock, log });
    closing.push(() => providers.close());
    const catalogue = createCatalogue({
      ...file,
      localProviders: providers.local.map(({ definition }) => definition),
    });
    for (const { definition, models } of providers.local) catalogue.apply(definition.id, models);

    checkDefaultModel(config, catalogue);

    const tokens = createTokenEstimator({ log });
    closing.push(() => tokens.close());
    const retentionMs = config.RETENTION_DAYS * DAY_MS;
    const audit = createAuditLog(store.records);
    const guilds = createGuilds({
      store,
      clock,
      audit,
      defaultTier: config.DEFAULT_TIER,
      skuTiers: config.DISCORD_SKU_TIERS,
    });
    const settings = createSettings(store);
    const owner = randomUUID();
    const isLimited = config.LIMITS === 'on';
    const limits = createLimitRules({ store, config: isLimited ? file.limits : null, audit, clock });
    const ledger = createLedger({
      store: store.ledger,
      clock,
      log,
      timeZone: config.TIME_ZONE,
      installation: (isLimited ? file.limits : NO_LIMITS).installation,
      owner,
      lookUpCost: async ({ entry, generationId }, signal) =>
        (await providers.clients.get(entry.provider)?.generationCost(generationId, undefined, signal)) ??
        null,
    });
    closing.push(() => ledger.stop());
    const adapters: Adapter[] = [];
    const warnings = createLimitWarnings({
      claims: store.claims,
      owner,
      tellAdmins: async (guild, notice, signal) => {
        const adapter = adapters.find(({ platform }) => platform === platformOf(guild));
        return (await adapter?.tellAdmins?.(guild, notice, signal)) ?? false;
      },
      clock,
      timeZone: config.TIME_ZONE,
      log,
    });
    closing.push(() => warnings.stop());
    const models = createModelRequests({
      catalogue,
      guilds,
      ledger,
      limits,
      warnings,
      providers: providers.clients,
      operatorProviders: providers.usable,
      tokens,
      clock,
      timeZone: config.TIME_ZONE,
    });
    const choose = createModelChooser({
      catalogue,
      settings,
      models,
      defaultModel: config.DEFAULT_MODEL ?? null,
    });
    const roles = createRoles(new Set([...config.OPERATORS, ...(withPlayground ? ['web:operator'] : [])]));
    const live = createLiveAnswers();
    const slots = createSlots({
      max: config.MAX_STREAMS,
      maxPerGuild: config.MAX_STREAMS_PER_GUILD,
      maxWaiting: 2 * config.MAX_STREAMS,
      maxWaitingPerGuild: 2 * config.MAX_STREAMS_PER_GUILD,
      clock,
    });
    const metrics = createMetrics(slots);
    const pacers = metrics.watch(createPacers(steadyClock));
    const conversations = createConversations(store, retentionMs);
    const answers = createAnswerRecords(store, retentionMs);
    const journal = createJournal({ claims: store.claims, owner, clock, log });
    const remoteStops = createRemoteStops({ records: store.records, live, clock, log });
    const turns = createTurns({ maxWaiting: MAX_WAITING, claims: store.claims, owner, clock, log });
    closing.push(() => Promise.all([journal.stop(), turns.stop(), remoteStops.stop()]));
    const chat = createChat({
      conversations,
      answers,
      live,
      journal,
      turns,
      remoteStops,
      slots,
      models,
      choose,
      tokens,
      roles,
      pacers,
      clock,
      timeZone: config.TIME_ZONE,
      telemetry: metrics,
      log,
      logContent: config.LOG_CONTENT === 'on',
    });
    const usage = createUsageLog(store.records);
    const privacy = createPrivacy({
      chat,
      live,
      conversations,
      answers,
      settings,
      usage,
      limits,
      audit,
      clock,
    });
    const retention = startRetention({ usage, audit, retentionMs, clock, log });
    closing.push(() => retention.stop());
    const services: Services = {
      chat,
      ledger,
      limits,
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
      timeZone: config.TIME_ZONE,
    };
    const dispatch = createDispatch({
      commands,
      services,
      journal,
      log,
    });

    const notes: (() => readonly string[])[] = [];
    if (config.DISCORD_TOKEN !== undefined) {
      const { createDiscordAdapter } = await import('./adapters/discord/adapter.ts');
      const discord = createDiscordAdapter({
        token: config.DISCORD_TOKEN,
        apiUrl: config.DISCORD_API_URL,
        shards: shardsOf(config),
        commandGuilds: config.DISCORD_COMMAND_GUILDS,
        commands,
        skus: new Set(config.DISCORD_SKU_TIERS.keys()),
        pacers,
        clock,
        log: log.child({ platform: 'discord' }),
        fetch,
      });
      adapters.push(discord);
      notes.push(() => discord.notes);
    }
    if (config.SLACK_BOT_TOKEN !== undefined) {
      const { createSlackAdapter } = await import('./adapters/slack/adapter.ts');
      adapters.push(
        createSlackAdapter({
          botToken: config.SLACK_BOT_TOKEN,
          transport: slackTransport(config),
          apiUrl: config.SLACK_API_URL,
          commands,
          pacers,
          clock,
          log: log.child({ platform: 'slack' }),
          fetch,
        }),
      );
    }
    if (withPlayground) {
      const { createWebAdapter } = await import('./adapters/web/adapter.ts');
      const { createPlaygroundHost } = await import('./playground-host.ts');
      adapters.push(
        createWebAdapter({
          host: createPlaygroundHost({ commands, services, providers }),
          keyv: store.keyv('playground'),
          clock,
          log,
          ...(config.ADMIN_TOKEN === undefined ? {} : { adminToken: config.ADMIN_TOKEN }),
          anyHost: !isLoopback(config.HOST),
        }),
      );
    }

    const server = createHttpServer(
      [
        ...healthRoutes(adapters, store),
        forOperator(metrics.route, config.ADMIN_TOKEN),
        ...adapters.flatMap(({ routes }) => routes),
      ],
      log,
    );
    const address = await server.listen(config.HOST, config.PORT);
    closing.push(() => server.close());
    for (const adapter of adapters) {
      await adapter.start(dispatch);
      closing.push(() => adapter.stop());
    }
    const pickUp = startPickUp({ journal, adapters, answers, conversations, tokens, pacers, clock, log });
    closing.push(() => pickUp.stop());
    const refresh = startCatalogueRefresh({
      catalogue,
      providers: providers.listing,
      clock,
      log,
      random: Math.random,
    });
    closing.push(() => refresh.stop());

    return {
      block: startBlock(config, {
        discord: config.DISCORD_TOKEN !== undefined,
        slack: config.SLACK_BOT_TOKEN === undefined ? null : slackTransport(config).mode,
        playground: withPlayground ? `${address}/` : null,
        health: address,
        providers: [...providers.usable].map(providers.nameOf),
        demo: providers.isDemo,
        models: file.models.length,
        openTo: (tier) =>
          openModels(withPlayground ? 'web:local' : 'discord:0', tier, {
            catalogue,
            operatorProviders: providers.usable,
          }),
        notes: notes.flatMap((read) => read()),
      }),
      graceMs: config.SHUTDOWN_GRACE_SEC * 1_000,
      answersInFlight: () => live.size,
      async stop(graceMs) {
        dispatch.close();
        await chat.drain(graceMs);
        await closeAll();
      },
    };
  } catch (error) {
    await closeAll().catch((fault: unknown) =>
      log.error({ err: fault }, 'a start that failed was not undone'),
    );
    throw error;
  }
}

function checkDefaultModel({ DEFAULT_MODEL, MODELS_FILE }: Config, catalogue: Catalogue): void {
  if (DEFAULT_MODEL === undefined || catalogue.get(DEFAULT_MODEL, 'web') !== null) return;
  const { model, near } = catalogue.resolve(DEFAULT_MODEL, 'web');
  const meant = model ?? near[0] ?? catalogue.list('web')[0];
  throw new StartError(
    `DEFAULT_MODEL is not the id of a model in ${MODELS_FILE}.`,
    `Set it to an id from there${meant === undefined ? '' : `, such as ${meant.id}`}, or leave it out for the first free model.`,
  );
}

/** How many models a guild of this tier can use. */
function openModels(id: GuildId, tier: Tier, terms: AccessTerms): number {
  const guild = { id, tier, operatorTier: tier, ownKeys: [] };
  const models = terms.catalogue.list(platformOf(id));
  return models.filter((model) => checkAccess(model.id, guild, terms).ok).length;
}

function shardsOf({ DISCORD_SHARDS: ids, DISCORD_SHARD_COUNT: count }: Config): Shards {
  return ids === 'auto' || count === 'auto' ? 'auto' : { ids, count };
}

function slackTransport({
  SLACK_APP_TOKEN: appToken,
  SLACK_SIGNING_SECRET: signingSecret,
}: Config): SlackAdapterOptions['transport'] {
  if (appToken !== undefined) return { mode: 'socket', appToken };
  if (signingSecret !== undefined) return { mode: 'http', signingSecret };
  throw new Error('readConfig lets no bot token through without a transport');
}

function isPlaygroundOn(config: Config): boolean {
  const hasPlatform = config.DISCORD_TOKEN !== undefined || config.SLACK_BOT_TOKEN !== undefined;
  const wanted = config.PLAYGROUND === 'on' || (config.PLAYGROUND === 'auto' && !hasPlatform);
  if (!wanted) return false;
  const slackOverHttp = config.SLACK_SIGNING_SECRET !== undefined && config.SLACK_APP_TOKEN === undefined;
  const isExposed = slackOverHttp || !isLoopback(config.HOST);
  if (!isExposed || config.ADMIN_TOKEN !== undefined) return true;
  if (config.PLAYGROUND === 'auto') return false;
  throw new StartError(
    'The playground would be open to others here, and ADMIN_TOKEN is not set.',
    'Set ADMIN_TOKEN to at least 16 characters (`openssl rand -hex 24` makes some), or PLAYGROUND=off, or HOST=127.0.0.1.',
  );
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
