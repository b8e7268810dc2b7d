import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import { commands } from '../commands/index.ts';
import { createGuildNames } from '../core/access/guild-names.ts';
import { createCatalogue } from '../core/catalogue/catalogue.ts';
import type { CatalogueFile } from '../core/catalogue/file.ts';
import { startCatalogueRefresh } from '../core/catalogue/refresh.ts';
import { createSlots } from '../core/chat/slots.ts';
import { createCore } from '../core/core.ts';
import { createSharedLimiter } from '../core/delivery/shared-limiter.ts';
import { createWriteLimiters } from '../core/delivery/write-limiter.ts';
import { createCleanupStack } from '../core/kit/cleanup-stack.ts';
import { steadyClock, systemClock } from '../core/kit/clock.ts';
import { LOCAL_PLATFORM } from '../core/ports/platforms.ts';
import { createLogin } from '../http/login.ts';
import { openStore } from '../store/open-store.ts';
import { createAdminHost } from './admin-host.ts';
import { isSlackOverHttp, wantsForPlayground } from './config/exposure.ts';
import { watchModelsFile } from './config/models-file.ts';
import type { Setup } from './config/setup.ts';
import { accessOptionsOf, fileOptionsOf, habitOptionsOf } from './core-options.ts';
import { createAdapters, type StartedAdapter } from './create-adapters.ts';
import { startGuildNames } from './guild-names.ts';
import { createFetch } from './http/http-client.ts';
import { createHttpServer } from './http/http-server.ts';
import { forOperator, isOperators } from './http/operator-only.ts';
import { loadedWhenAsked } from './loaded-when-asked.ts';
import { createPlatforms } from './platforms.ts';
import { type KeyRefusal, openProviders } from './providers.ts';
import { startBlock } from './start-block.ts';
import { startFactsOf } from './start-facts.ts';
import {
  absentInWords,
  goneInWords,
  localInWords,
  pausedInWords,
  refusedInWords,
  turnedInWords,
} from './start-notes.ts';
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
    const adapters: StartedAdapter[] = [];
    const metrics = createMetrics({
      slots,
      adapters: () => adapters,
      isStoreUp: () => storeWatch.isUp(),
    });
    const traces = createTraces();
    const sharedLimiter = store.pace && createSharedLimiter(store.pace, { clock: steadyClock, log });
    if (sharedLimiter) closing.add(() => sharedLimiter.stop());
    const limiters = metrics.watch(createWriteLimiters(steadyClock, sharedLimiter));
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
    const platforms = createPlatforms(adapters);
    const owner = randomUUID();
    const alerts = createAlerts({
      store,
      owner,
      nameOf: providers.nameOf,
      operators: config.OPERATORS,
      tell: platforms.tellOperator,
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
      access: accessOptionsOf(config, limits, providers),
      platforms: { ...platforms, limiters },
      files: fileOptionsOf(config, log),
      habits: habitOptionsOf(config, instructions, providers),
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

    const login = config.ADMIN_TOKEN === undefined ? null : createLogin(config.ADMIN_TOKEN, clock, log);
    adapters.push(
      ...(await createAdapters({ config, store, services, providers, limiters, fetch, login, clock, log })),
    );

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
    keyRefusals = refusals;
    for (const { id: provider } of refusals) {
      alerts.providerFailed({ provider, model: '', payer: 'operator', code: 'bad_key' });
    }
    const names = startGuildNames({ adapters, names: createGuildNames(store), clock, log });
    closing.add(() => names.stop());
    const takeover = core.takeOverThrough(adapters);
    closing.add(() => takeover.stop());
    // Not earlier: locks on keys that dead processes held are free only after their remains were recovered.
    const turned = config.ENCRYPTION_KEY_OLD === undefined ? null : await services.ownKeys.turnOver();
    const pause = await services.pauses.read();
    const isAbsent =
      config.DEFAULT_MODEL !== undefined && catalogue.get(config.DEFAULT_MODEL, LOCAL_PLATFORM) === null;
    const isChatting = adapters.some(({ platform }) => platform !== LOCAL_PLATFORM);
    const notes = [
      ...remarks,
      ...(isAbsent ? [absentInWords(config.DEFAULT_MODEL)] : []),
      ...adapters.flatMap((adapter) => adapter.notes ?? []),
      ...gone.map((model) => goneInWords(model, config.MODELS_FILE)),
      ...(isLocalEverywhere || !isChatting ? [] : localInWords(providers.found, config.MODELS_FILE)),
      ...refusals.map((refusal) => refusedInWords(refusal, providers)),
      ...(turned === null ? [] : turnedInWords(turned)),
      ...(pause === null ? [] : [pausedInWords(pause)]),
    ];
    return {
      block: startBlock(
        config,
        startFactsOf({ config, file, catalogue, providers, refusals, address, notes }),
      ),
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
