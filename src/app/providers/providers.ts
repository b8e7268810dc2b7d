import type { Logger } from 'pino';
import type { CatalogueFile } from '../../core/catalogue/file.ts';
import { createRate } from '../../core/kit/scheduling/rate.ts';
import type { Clock } from '../../core/kit/time/clock.ts';
import type { ChatProvider } from '../../core/ports/provider.ts';
import { ProviderClient, STREAM_READS } from '../../core/provider/client.ts';
import { defineProvider, type ProviderDefinition } from '../../core/provider/definition.ts';
import type { LocalServer } from '../../core/provider/local.ts';
import { withPlainFallback } from '../../core/provider/plain-fallback.ts';
import type { DemoProvider } from '../../demo/demo-provider.ts';
import type { Means } from '../means.ts';
import {
  hasOwnAddress,
  isUsable,
  type KeyedProvider,
  type ListedProvidersOptions,
  listedProviders,
  OPENROUTER,
} from './listed.ts';

/** A client for each provider of this installation, and what each is good for. */
export interface Providers {
  /** All providers, by id. A request to one without a key fails with `bad_key`. */
  readonly clients: ReadonlyMap<string, ChatProvider>;
  /** Ids of the providers that the operator can pay for: they have a key, or need none. */
  readonly usable: ReadonlySet<string>;
  /** Ids of the providers that can search the web. */
  readonly searching: ReadonlySet<string>;
  /** Providers whose lists of models update the catalogue: the usable ones, except the demo. */
  readonly listing: readonly ChatProvider[];
  /** The providers of the models file. */
  readonly listed: readonly KeyedProvider[];
  /** For people. The id if there is no such provider. */
  nameOf(id: string): string;
}

/** A provider that rejects the operator's key. */
export interface KeyRefusal {
  /** The provider's id. */
  readonly id: string;
  readonly variable: string;
}

export interface ProvidersOptions extends ListedProvidersOptions, Means {
  /** Servers on this machine that are offered too. Default: none. */
  readonly local?: readonly LocalServer[];
  /**
   * Stands in for OpenRouter. Passes requests with guilds' own keys on to OpenRouter itself. Default: null, for no demo.
   */
  readonly demo?: DemoProvider | null;
}

/** The features that every server has. */
const PLAIN = defineProvider({ id: 'plain', baseUrl: 'http://127.0.0.1', keyless: true });

/** The clients share one rate of reads from streams. None of them is asked yet. */
export function createProviders(options: ProvidersOptions): Providers {
  const { config, local = [], demo = null, fetch, clock, log } = options;
  const listed = listedProviders(options);
  const { OPENROUTER_PROVIDER: preferences } = config;
  const pace = createRate(clock, STREAM_READS);

  function clientOf(definition: ProviderDefinition, apiKey: string | null): ChatProvider {
    return new ProviderClient({
      definition,
      apiKey,
      fetch,
      pace,
      clock,
      random: Math.random,
      log,
      timeouts: {
        requestMs: config.OPENROUTER_TIMEOUT_SEC * 1_000,
        silenceMs: config.STREAM_IDLE_TIMEOUT_SEC * 1_000,
        firstProgressMs: config.STREAM_FIRST_PROGRESS_SEC * 1_000,
        progressMs: config.STREAM_PROGRESS_SEC * 1_000,
      },
      ...(preferences && definition.features.routing ? { preferences } : {}),
    });
  }

  function withClient({ definition, apiKey }: KeyedProvider) {
    const client = clientOf(definition, apiKey);
    if (definition.id !== OPENROUTER) return { definition, client };
    if (demo !== null) {
      const shown = demoDefinition(definition, demo);
      return { definition: shown, client: withOwnKeys(clientOf(shown, null), client) };
    }
    if (!hasOwnAddress(definition)) return { definition, client };
    const plain = clientOf({ ...definition, features: PLAIN.features }, apiKey);
    return { definition, client: withPlainFallback(client, plain) };
  }

  const keyed = [...listed, ...local.map(({ definition }) => ({ definition, apiKey: null }))];
  const usable = new Set(keyed.filter(isUsable).map(({ definition }) => definition.id));
  if (demo !== null) usable.add(OPENROUTER);
  const offered = keyed.map(withClient);
  const clients = new Map(offered.map(({ definition, client }) => [definition.id, client]));
  const names = new Map(offered.map(({ definition: { id, name } }) => [id, name]));
  const searching = offered.filter(({ definition }) => definition.features.webSearch);
  return {
    clients,
    usable,
    searching: new Set(searching.map(({ definition }) => definition.id)),
    listing: demo === null ? [...clients.values()].filter(({ id }) => usable.has(id)) : [],
    listed,
    nameOf: (id) => names.get(id) ?? id,
  };
}

/** The start waits for this; a check takes about 200 ms. */
const KEY_CHECK_MS = 1_500;

/** The variables for the missing keys of these models' providers, except usable ones. */
export function missingKeys(
  { listed, usable }: Pick<Providers, 'listed' | 'usable'>,
  models: readonly { readonly routes: readonly { readonly provider: string }[] }[],
): readonly string[] {
  const wanted = new Set(models.flatMap(({ routes }) => routes.map(({ provider }) => provider)));
  return [...wanted.difference(usable)].flatMap(
    (id) => listed.find(({ definition }) => definition.id === id)?.definition.apiKeyVariable ?? [],
  );
}

/** The providers that reject the operator's key. One that does not answer within 1.5 s rejects nothing. Never rejects. */
export async function refusedKeys(
  { listed, clients }: Pick<Providers, 'listed' | 'clients'>,
  log: Logger,
): Promise<readonly KeyRefusal[]> {
  const signal = AbortSignal.timeout(KEY_CHECK_MS);
  const checked = listed.map(async ({ definition: { id, apiKeyVariable: variable }, apiKey }) => {
    const client = clients.get(id);
    if (apiKey === null || variable === null || client === undefined) return [];
    try {
      return (await client.checkKey(apiKey, signal)) ? [] : [{ id, variable }];
    } catch (error) {
      log.debug({ err: error, provider: id }, 'could not check a key');
      return [];
    }
  });
  return (await Promise.all(checked)).flat();
}

/** Starts the demo; null if no model of the file is routed to OpenRouter, for which it stands in. */
export async function startDemo(
  { models }: Pick<CatalogueFile, 'models'>,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<DemoProvider | null> {
  if (!models.some(({ routes }) => routes.some(({ provider }) => provider === OPENROUTER))) return null;
  const { startDemoProvider } = await import('../../demo/demo-provider.ts');
  return startDemoProvider({ models, clock, log });
}

/** OpenRouter with the demo's name and address. */
function demoDefinition(real: ProviderDefinition, { baseUrl }: DemoProvider): ProviderDefinition {
  return { ...real, name: "Parley's demo", baseUrl, keyless: true };
}

/** The demo, except for requests with guilds' own keys and checks of such keys. */
function withOwnKeys(demo: ChatProvider, real: ChatProvider): ChatProvider {
  const who = (apiKey: string | undefined) => (apiKey === undefined ? demo : real);
  return {
    id: demo.id,
    looksUpCosts: real.looksUpCosts,
    stream: (request, take, signal) => who(request.apiKey).stream(request, take, signal),
    models: (signal) => demo.models(signal),
    generationCost: (generationId, apiKey, signal) =>
      who(apiKey).generationCost(generationId, apiKey, signal),
    checkKey: (apiKey, signal) => real.checkKey(apiKey, signal),
  };
}
