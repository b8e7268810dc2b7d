import type { Logger } from 'pino';
import { commands } from '../commands/index.ts';
import { createGuildNames } from '../core/access/guild-names.ts';
import { type Core, createCore } from '../core/core.ts';
import { SharedLimiter } from '../core/delivery/shared-limiter.ts';
import { createWriteLimiters, type WriteLimiters } from '../core/delivery/write-limiter.ts';
import { createSlots } from '../core/kit/scheduling/slots.ts';
import { steadyClock, systemClock } from '../core/kit/time/clock.ts';
import type { Store } from '../core/ports/store.ts';
import { createLogin } from '../http/login.ts';
import { openStore } from '../store/open-store.ts';
import { createAdminHost } from './admin-host.ts';
import type { Setup } from './config/setup.ts';
import { coreOptionsOf } from './core-options.ts';
import { createAdapters, type StartedAdapter } from './create-adapters.ts';
import { startGuildNames } from './guild-names.ts';
import { createFetch } from './http/http-client.ts';
import { createHttpServer } from './http/http-server.ts';
import { type OfferOptions, openOffer } from './offer.ts';
import { createPlatforms } from './platforms.ts';
import { routesOf } from './routes.ts';
import { startBlock, startFactsOf } from './start-block.ts';
import { startNotes } from './start-notes.ts';
import { startTelemetry } from './telemetry/telemetry.ts';

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

export interface AppOptions extends Setup, Pick<OfferOptions, 'readModels' | 'keyIn'> {
  /** Remarks on the environment, for the block. */
  readonly remarks: readonly string[];
  readonly log: Logger;
}

/**
 * Wires everything; resolves once Parley works.
 *
 * @throws StartError
 */
export async function startApp(options: AppOptions): Promise<App> {
  const closing = new AsyncDisposableStack();
  try {
    return await start(options, closing);
  } catch (error) {
    await closing
      .disposeAsync()
      .catch((fault: unknown) =>
        options.log.error({ err: fault }, 'could not clean up after a failed start'),
      );
    throw error;
  }
}

async function start(options: AppOptions, closing: AsyncDisposableStack): Promise<App> {
  const { config, log } = options;
  const means = { ...options, fetch: createFetch(config), clock: systemClock };
  const store = closing.adopt(await openStore(config.STORE_URL, means), (it) => it.close());
  const offer = await openOffer(means, closing);
  const { providers } = offer;
  const { MAX_STREAMS: max, MAX_STREAMS_PER_GUILD: maxPerGuild } = config;
  const waiting = { maxWaiting: 2 * max, maxWaitingPerGuild: 2 * maxPerGuild };
  const slots = createSlots({ max, maxPerGuild, ...waiting, clock: systemClock });

  // Filled below: adapters need core's services, and the parts that get the list here read it at each call.
  const adapters: StartedAdapter[] = [];
  const { tellOperator, ...platforms } = createPlatforms(adapters);
  const watched = { ...means, store, slots, adapters, providers, tell: tellOperator };
  const telemetry = startTelemetry(watched, closing);
  const limiters = telemetry.watch(openLimiters(store, log, closing));
  const core = createCore({
    commands,
    store,
    ...coreOptionsOf(options, offer, slots),
    platforms: { ...platforms, limiters },
    telemetry,
    clock: systemClock,
    log,
  });
  closing.defer(core.stop);
  const { services, dispatch } = core;

  const login = config.ADMIN_TOKEN === undefined ? null : createLogin(config.ADMIN_TOKEN, systemClock, log);
  adapters.push(...(await createAdapters({ ...means, store, services, offer, limiters, login })));
  const admin = createAdminHost({ services, store, adapters, providers, refusals: offer.refusals, slots });
  const routes = routesOf({ config, store, adapters, metrics: telemetry.route, admin, login, log });
  const server = createHttpServer(routes, log);
  const address = await server.listen(config.HOST, config.PORT);
  closing.defer(server.close);

  const [refusals, gone] = await Promise.all([
    offer.refusals,
    offer.gone,
    startAdapters(adapters, core, closing),
  ]);
  for (const { id: provider } of refusals) {
    telemetry.providerFailed({ provider, model: '', payer: 'operator', code: 'bad_key' });
  }
  const names = startGuildNames({ adapters, names: createGuildNames(store), clock: systemClock, log });
  closing.defer(names.stop);
  closing.defer(core.takeOverThrough(adapters).stop);
  const turned = config.ENCRYPTION_KEY_OLD === undefined ? null : await services.ownKeys.turnOver();
  const pause = await services.pauses.read();
  const notes = startNotes({ config, offer, adapters, refusals, gone, turned, pause });
  return {
    block: startBlock(config, {
      ...startFactsOf(config, options.file, offer, refusals),
      address,
      notes: [...options.remarks, ...notes],
    }),
    graceMs: config.SHUTDOWN_GRACE_SEC * 1_000,
    answersInFlight: core.answersInFlight,
    reloadModels: offer.reloadModels,
    async stop(graceMs) {
      dispatch.close();
      await services.chat.drain(graceMs);
      await closing.disposeAsync();
    },
  };
}

/** Write limits, which are counted in the store if several processes share it. */
function openLimiters(store: Store, log: Logger, closing: AsyncDisposableStack): WriteLimiters {
  if (store.pace === undefined) return createWriteLimiters(steadyClock);
  const shared = new SharedLimiter(store.pace, { clock: steadyClock, log });
  closing.defer(() => shared.stop());
  return createWriteLimiters(steadyClock, shared);
}

async function startAdapters(
  adapters: readonly StartedAdapter[],
  { dispatch }: Core,
  closing: AsyncDisposableStack,
): Promise<void> {
  for (const adapter of adapters) {
    await adapter.start(dispatch);
    closing.defer(() => adapter.stop());
  }
}
