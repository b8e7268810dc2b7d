import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { Shards } from '../adapters/discord/gateway/client.ts';
import type { SlackAdapterOptions } from '../adapters/slack/adapter.ts';
import { createDrawChart } from '../charts/draw-chart.ts';
import { commands } from '../commands/index.ts';
import { type AccessTerms, checkAccess } from '../core/access/access.ts';
import { createGuildNames } from '../core/access/guild-names.ts';
import type { OwnKeys } from '../core/access/own-keys.ts';
import { momentInWords } from '../core/access/until.ts';
import { createCatalogue } from '../core/catalogue/catalogue.ts';
import type { CatalogueFile } from '../core/catalogue/file.ts';
import { startCatalogueRefresh } from '../core/catalogue/refresh.ts';
import { createSlots } from '../core/chat/slots.ts';
import { createCore } from '../core/core.ts';
import { createSharedLimiter } from '../core/delivery/shared-limiter.ts';
import { createWriteLimiters } from '../core/delivery/write-limiter.ts';
import { createCleanupStack } from '../core/kit/cleanup-stack.ts';
import { steadyClock, systemClock } from '../core/kit/clock.ts';
import { parseNanoUsd } from '../core/kit/money.ts';
import { type GuildId, platformOf } from '../core/ports/actor.ts';
import type { Adapter } from '../core/ports/adapter.ts';
import { LOCAL_PLATFORM } from '../core/ports/platforms.ts';
import { opens, type Tier } from '../core/ports/tiers.ts';
import { createReadContent } from '../files/read-content.ts';
import { createLogin } from '../http/login.ts';
import { openStore } from '../store/open-store.ts';
import { createAdminHost } from './admin-host.ts';
import {
  type Config,
  encryptionKeysOf,
  fileLimitsOf,
  isSlackOverHttp,
  isVariable,
  VARIABLES,
  wantsForPlayground,
} from './config/config.ts';
import { watchModelsFile } from './config/models-file.ts';
import type { Setup } from './config/setup.ts';
import { startGuildNames } from './guild-names.ts';
import { createFetch } from './http/http-client.ts';
import { createHttpServer } from './http/http-server.ts';
import { forOperator, isOperators } from './http/operator-only.ts';
import { createSocketProxy } from './http/proxies.ts';
import { loadedWhenAsked } from './loaded-when-asked.ts';
import { type KeyRefusal, openProviders, type Providers } from './providers.ts';
import { startBlock } from './start-block.ts';
import { goneInWords, localInWords } from './start-notes.ts';
import { createAlerts } from './telemetry/alerts.ts';
import { healthRoutes } from './telemetry/health.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { startStoreWatch } from './telemetry/store-watch.ts';
import { createTraces } from './telemetry/traces.ts';

/** A running Parley. */
export interface App {
  /** The text for the terminal. */
  readonly block: string;
  readonly graceMs: number;
  answersInFlight(): number;
  /** Reads the models file again, as after each change to it. Never rejects. */
  reloadModels(): Promise<void>;
  /** Stops taking questions, lets answers finish for `graceMs`, and releases everything. */
  stop(graceMs: number): Promise<void>;
}

export interface AppOptions extends Setup {
  /**
   * Reads the models file again.
   * @throws SetupError
   */
  readonly readModels: () => Promise<CatalogueFile>;
  /** The key in an environment variable named by the models file. */
  readonly keyIn: (variable: string) => string | undefined;
  /** Remarks on the environment, for the block. */
  readonly remarks: readonly string[];
  readonly log: Logger;
}

const DAY_MS = 86_400_000;

/**
 * Wires everything; resolves once Parley works.
 *
 * @throws StartError
 */
export async function startApp({
  config,
  file,
  instructions,
  readModels,
  keyIn,
  remarks,
  log,
}: AppOptions): Promise<App> {
  const clock = systemClock;
  const fetch = createFetch(config);
  const socketProxy = createSocketProxy(config);
  const closing = createCleanupStack();
  try {
    const store = await openStore(config.STORE_URL, { clock, log });
    closing.add(() => store.close());

    const withPlayground = wantsForPlayground(config).length === 0;
    const isLocalEverywhere = config.LOCAL_MODELS === 'on';
    const providers = await openProviders({
      config,
      file,
      keyIn,
      withDemo: true,
      withLocal: true,
      offersLocal: withPlayground || isLocalEverywhere,
      fetch,
      clock,
      log,
    });
    closing.add(() => providers.close());
    const catalogue = createCatalogue({
      ...file,
      localProviders: providers.local.map(({ definition }) => definition),
      localEverywhere: isLocalEverywhere,
    });
    for (const { definition, models } of providers.local) catalogue.apply(definition.id, models);

    const slots = createSlots({
      max: config.MAX_STREAMS,
      maxPerGuild: config.MAX_STREAMS_PER_GUILD,
      maxWaiting: 2 * config.MAX_STREAMS,
      maxWaitingPerGuild: 2 * config.MAX_STREAMS_PER_GUILD,
      clock,
    });
    const adapters: Adapter[] = [];
    const metrics = createMetrics({
      slots,
      adapters: () => adapters,
      isStoreUp: () => storeWatch.isUp(),
    });
    const traces = createTraces();
    const sharedLimiter = store.pace && createSharedLimiter(store.pace, { clock: steadyClock, log });
    if (sharedLimiter) closing.add(() => sharedLimiter.stop());
    const limiters = metrics.watch(createWriteLimiters(steadyClock, sharedLimiter));
    const fileLimits = fileLimitsOf(config);
    const limits = { ...file.limits };
    const modelsFile = watchModelsFile({
      path: config.MODELS_FILE,
      read: readModels,
      apply(changed) {
        catalogue.replace(changed);
        Object.assign(limits, changed.limits);
        if (isDeepStrictEqual(changed.providers, file.providers)) return;
        log.warn({}, 'the providers in the models file have changed; the change applies after a restart');
      },
      log,
    });
    closing.add(() => modelsFile.stop());
    const adapterOf = (guild: GuildId) => adapters.find(({ platform }) => platform === platformOf(guild));
    const owner = randomUUID();
    const alerts = createAlerts({
      store,
      owner,
      nameOf: providers.nameOf,
      operators: config.OPERATORS,
      async tell(operator, notice, signal) {
        const platform = operator.slice(0, operator.indexOf(':'));
        const adapter = adapters.find((each) => each.platform === platform);
        const user = operator.slice(platform.length + 1);
        return (await adapter?.tellPerson?.(user, notice, signal)) ?? false;
      },
      clock,
      log,
    });
    closing.add(() => alerts.stop());
    const storeWatch = startStoreWatch({ store, owner, failed: alerts.storeFailed, clock, log });
    closing.add(() => storeWatch.stop());
    const core = createCore({
      commands,
      store,
      models: {
        catalogue,
        providers: providers.clients,
        operatorProviders: providers.usable,
        searchProviders: providers.searching,
        defaultModel: config.DEFAULT_MODEL ?? null,
        missingKeys: (models) => providers.missingKeys(models, providers.usable),
        demoLacks: providers.demoLacks,
        slots,
      },
      access: {
        encryptionKeys: encryptionKeysOf(config),
        ownKeyProviders: providers.forOwnKeys,
        limits: config.LIMITS === 'on' ? limits : null,
        defaultTier: config.DEFAULT_TIER,
        outsiderTier: config.SLACK_CONNECT_TIER,
        skuTiers: config.DISCORD_SKU_TIERS,
        operators: new Set([...config.OPERATORS, ...(withPlayground ? ['web:operator'] : [])]),
        operatorContact: config.OPERATOR_CONTACT ?? null,
      },
      platforms: {
        limiters,
        tellAdmins: async (guild, notice, signal) =>
          (await adapterOf(guild)?.tellAdmins?.(guild, notice, signal)) ?? false,
        peopleIn: (guild) => adapterOf(guild)?.people ?? null,
        readFileOf: (guild) => adapterOf(guild)?.readFile ?? null,
        finderOf: (guild) => adapterOf(guild) ?? null,
      },
      files: {
        readContent: createReadContent({ limits: fileLimits, log }),
        limits: fileLimits,
        confirmAboveNanoUsd:
          config.CONFIRM_ABOVE_USD === 'off' ? null : parseNanoUsd(config.CONFIRM_ABOVE_USD),
        drawChart: createDrawChart(log),
      },
      habits: {
        instructions,
        // The demo's texts are no use as summaries or titles.
        automatic: providers.demoLacks === null ? config.AUTOMATIC : new Set(),
        retentionMs: config.RETENTION_DAYS * DAY_MS,
        catchUpMs: config.CATCH_UP_MIN * 60_000,
        timeZone: config.TIME_ZONE,
        logContent: config.LOG_CONTENT === 'on',
      },
      telemetry: {
        answering: traces.answering,
        answered(facts) {
          metrics.answered(facts);
          traces.answered(facts);
        },
        providerFailed: alerts.providerFailed,
        obstructed: alerts.obstructed,
      },
      clock,
      log,
    });
    closing.add(() => core.stop());
    const { services, dispatch } = core;

    const notes: (() => readonly string[])[] = [() => remarks];
    if (config.DEFAULT_MODEL !== undefined && catalogue.get(config.DEFAULT_MODEL, LOCAL_PLATFORM) === null) {
      const absent = `No server on this machine offers DEFAULT_MODEL ${config.DEFAULT_MODEL}, so the first free model answers. Restart Parley once one does.`;
      notes.push(() => [absent]);
    }
    if (config.DISCORD_TOKEN !== undefined) {
      const { createDiscordAdapter } = await import('../adapters/discord/adapter.ts');
      const discord = createDiscordAdapter({
        token: config.DISCORD_TOKEN,
        apiUrl: config.DISCORD_API_URL,
        shards: shardsOf(config),
        commandGuilds: config.DISCORD_COMMAND_GUILDS,
        commands,
        skus: new Set(config.DISCORD_SKU_TIERS.keys()),
        limiters,
        clock,
        log: log.child({ platform: 'discord' }),
        fetch,
        ...(socketProxy && { socketAgent: socketProxy.agent }),
      });
      adapters.push(discord);
      notes.push(() => discord.notes);
    }
    if (config.SLACK_BOT_TOKEN !== undefined) {
      const { createSlackAdapter } = await import('../adapters/slack/adapter.ts');
      const slack = createSlackAdapter({
        botToken: config.SLACK_BOT_TOKEN,
        transport: slackTransport(config),
        apiUrl: config.SLACK_API_URL,
        commands,
        limiters,
        clock,
        log: log.child({ platform: 'slack' }),
        fetch,
        ...(socketProxy && { socketDispatcher: socketProxy.dispatcher }),
      });
      adapters.push(slack);
      notes.push(() => slack.notes);
    }
    const login = config.ADMIN_TOKEN === undefined ? null : createLogin(config.ADMIN_TOKEN, clock, log);
    if (withPlayground) {
      const { createWebAdapter } = await import('../adapters/web/adapter.ts');
      const { createPlaygroundHost } = await import('./playground-host.ts');
      adapters.push(
        createWebAdapter({
          host: createPlaygroundHost({ commands, services, providers }),
          store,
          clock,
          log,
          ...(login === null ? {} : { login }),
          maxFileBytes: fileLimits.maxBytes,
          retentionMs: config.RETENTION_DAYS * DAY_MS,
        }),
      );
    }

    let keyRefusals: readonly KeyRefusal[] = [];
    const admin = loadedWhenAsked(['/admin', '/admin/'], async () => {
      const { createAdmin } = await import('../admin/admin.ts');
      return createAdmin({
        host: createAdminHost({ services, store, adapters, providers, refusals: () => keyRefusals, slots }),
        login,
        log,
      });
    });

    const operatorCheck = { adminToken: config.ADMIN_TOKEN, isExposed: isSlackOverHttp(config) };
    const server = createHttpServer(
      [
        ...healthRoutes(
          adapters,
          store,
          (request) => !operatorCheck.isExposed || isOperators(request, operatorCheck),
        ),
        forOperator(metrics.route, operatorCheck),
        ...admin,
        ...adapters.flatMap(({ routes }) => routes),
      ],
      log,
    );
    const address = await server.listen(config.HOST, config.PORT);
    closing.add(() => server.close());
    const startAdapters = async () => {
      for (const adapter of adapters) {
        await adapter.start(dispatch);
        closing.add(() => adapter.stop());
      }
    };
    const refresh = startCatalogueRefresh({
      catalogue,
      providers: providers.listing,
      clock,
      log,
      random: Math.random,
    });
    closing.add(() => refresh.stop());
    const [refusals, gone] = await Promise.all([
      providers.refusals(),
      Promise.race([refresh.first, clock.sleep(FIRST_LISTS_MS).then(() => [])]),
      startAdapters(),
    ]);
    notes.push(() => gone.map((model) => goneInWords(model, config.MODELS_FILE)));
    if (!isLocalEverywhere && adapters.some(({ platform }) => platform !== LOCAL_PLATFORM)) {
      notes.push(() => localInWords(providers.found, config.MODELS_FILE));
    }
    keyRefusals = refusals;
    for (const { id: provider } of refusals) {
      alerts.providerFailed({ provider, model: '', payer: 'operator', code: 'bad_key' });
    }
    const names = startGuildNames({ adapters, names: createGuildNames(store), clock, log });
    closing.add(() => names.stop());
    notes.push(() => refusals.map((refusal) => refusedInWords(refusal, providers)));
    const takeover = core.takeOverThrough(adapters);
    closing.add(() => takeover.stop());
    // Not earlier: locks on keys that dead processes held are free only after their remains were recovered.
    if (config.ENCRYPTION_KEY_OLD !== undefined) {
      const turned = turnedInWords(await services.ownKeys.turnOver());
      notes.push(() => turned);
    }
    const pause = await services.pauses.read();
    if (pause !== null) {
      notes.push(() => [
        `Paused since ${momentInWords(pause.sinceMs)} by ${pause.by}: nobody gets an answer until you run \`npm run parley -- resume\`.`,
      ]);
    }
    const askable = providers.usable.difference(new Set(refusals.map(({ id }) => id)));
    const leadsTo = (id: string) =>
      file.models.some(({ routes }) => routes.some(({ provider }) => provider === id));
    return {
      block: startBlock(config, {
        discord: config.DISCORD_TOKEN !== undefined,
        slack: config.SLACK_BOT_TOKEN === undefined ? null : slackTransport(config).mode,
        playground: withPlayground ? `${address}/` : null,
        health: address,
        providers: [...askable].filter(leadsTo).map(providers.nameOf),
        demoLacks: providers.demoLacks,
        isLocalEverywhere,
        models: file.models.length,
        local: providers.local.map(({ definition: { id, name } }) => ({
          name,
          models: catalogue
            .list(LOCAL_PLATFORM)
            .filter(({ onlyOn, routes }) => onlyOn && routes[0]?.provider === id).length,
        })),
        missingKeys: (tier) =>
          providers.missingKeys(
            file.models.filter((model) => opens(tier, model.tier)),
            askable,
          ),
        openTo: (tier) =>
          openModels(withPlayground ? 'web:local' : 'discord:0', tier, {
            catalogue,
            operatorProviders: askable,
            keyProviders: [],
          }),
        notes: notes.flatMap((read) => read()),
      }),
      graceMs: config.SHUTDOWN_GRACE_SEC * 1_000,
      answersInFlight: core.answersInFlight,
      reloadModels: modelsFile.reload,
      async stop(graceMs) {
        dispatch.close();
        await services.chat.drain(graceMs);
        await closing.close();
      },
    };
  } catch (error) {
    await closing
      .close()
      .catch((fault: unknown) => log.error({ err: fault }, 'could not clean up after a failed start'));
    throw error;
  }
}

/** The start waits for this so that it can name models that are gone; a list takes about 300 ms. */
const FIRST_LISTS_MS = 2_000;

/** The number of models that a guild of this tier can use. */
function openModels(id: GuildId, tier: Tier, terms: AccessTerms): number {
  const guild = { id, tier, operatorTier: tier, ownKeys: [], failedKeys: [] };
  const models = terms.catalogue.list(platformOf(id));
  return models.filter((model) => checkAccess(model.id, guild, terms).ok).length;
}

function refusedInWords({ id, variable }: KeyRefusal, { nameOf }: Providers): string {
  const key = isVariable(variable) ? VARIABLES[variable].expected : 'a key that it takes';
  return `${nameOf(id)} rejects the key in ${variable}. Set it to ${key} and restart Parley.`;
}

/** The result for guilds' keys after a change of `ENCRYPTION_KEY`. */
function turnedInWords({ turned, unreadable }: Awaited<ReturnType<OwnKeys['turnOver']>>): string[] {
  const count = (keys: number) => `${keys} ${keys === 1 ? 'key' : 'keys'} of guilds`;
  return [
    `Encryption: ${count(turned)} encrypted with the new ENCRYPTION_KEY. Once every process has it, remove ENCRYPTION_KEY_OLD.`,
    ...(unreadable === 0
      ? []
      : [
          `Encryption: ${count(unreadable)} cannot be decrypted with either key. Their admins have to connect them again.`,
        ]),
  ];
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
