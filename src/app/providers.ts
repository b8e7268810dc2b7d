import type { Logger } from 'pino';
import type { CatalogueFile } from '../core/catalogue/file.ts';
import type { Clock } from '../core/kit/clock.ts';
import { createRate } from '../core/kit/rate.ts';
import type { ChatProvider } from '../core/ports/provider.ts';
import { createProviderClient, STREAM_READS } from '../core/provider/client.ts';
import { defineProvider, type ProviderDefinition } from '../core/provider/definition.ts';
import { findLocalServers, type LocalSearchOptions, type LocalServer } from '../core/provider/local.ts';
import { withPlainFallback } from '../core/provider/plain-fallback.ts';
import type { DemoProvider } from '../demo/demo-provider.ts';
import { readConfig } from './config/config.ts';
import type { Config } from './config/variables.ts';

export interface KeyRefusal {
  /** The provider's id. */
  readonly id: string;
  readonly variable: string;
}

/** A model of the file or of the catalogue. */
interface Routed {
  readonly routes: readonly { readonly provider: string }[];
}

/** The providers of this installation, which of them are usable, and whether the demo stands in. */
export interface Providers {
  /** All providers, by id. A request to one without a key fails with `bad_key`. */
  readonly clients: ReadonlyMap<string, ChatProvider>;
  /** Ids of the providers that the operator can pay for: they have a key, or need none. */
  readonly usable: ReadonlySet<string>;
  /** Ids of the providers that can search the web. */
  readonly searching: ReadonlySet<string>;
  /**
   * Providers for which guilds can connect keys. The demo passes requests with such a key on to the provider that it stands
   * in for.
   */
  readonly forOwnKeys: ReadonlyMap<string, ChatProvider>;
  /** Providers whose lists of models update the catalogue. */
  readonly listing: readonly ChatProvider[];
  /** Servers on this machine whose models are offered … */
  readonly local: readonly LocalServer[];
  /** … and all servers that were found. */
  readonly found: readonly LocalServer[];
  /** Providers of the models file, with the addresses of the environment. */
  readonly listed: readonly ProviderDefinition[];
  readonly isDemo: boolean;
  /** The variable whose key would replace the demo; null if there is no demo. */
  readonly demoLacks: string | null;
  /** The variables for the missing keys of these models' providers, except usable ones. */
  missingKeys(models: readonly Routed[], usable: ReadonlySet<string>): readonly string[];
  /** Providers that reject the operator's key. One that does not answer within 1.5 s rejects nothing. */
  refusals(): Promise<readonly KeyRefusal[]>;
  nameOf(id: string): string;
  close(): Promise<void>;
}

export interface OpenProvidersOptions {
  readonly config: Config;
  readonly file: CatalogueFile;
  /** The key in an environment variable named by the models file. */
  readonly keyIn: (variable: string) => string | undefined;
  /** Whether the demo may stand in if no provider has a key. */
  readonly withDemo: boolean;
  /** Whether to search this machine for servers that are not listed. */
  readonly withLocal: boolean;
  /** Whether their models are offered anywhere. Default: as `withLocal`. */
  readonly offersLocal?: boolean;
  readonly fetch: typeof fetch;
  /** Addresses to search. Default: the servers' default ports. */
  readonly localPlaces?: LocalSearchOptions['places'];
  readonly clock: Clock;
  readonly log: Logger;
}

/** OpenRouter identifies applications without a public address by their title. */
const ATTRIBUTION = { url: 'http://localhost', title: 'Parley', categories: 'general-chat' };

export async function openProviders(options: OpenProvidersOptions): Promise<Providers> {
  const {
    config,
    file,
    keyIn,
    withDemo,
    withLocal,
    offersLocal = withLocal,
    localPlaces,
    fetch,
    clock,
    log,
  } = options;
  const { OPENROUTER_PROVIDER: preferences } = config;
  const listed = file.providers.map((definition) => ({
    definition: withEnvironment(definition, config),
    apiKey: definition.apiKeyVariable === null ? null : (keyIn(definition.apiKeyVariable) ?? null),
  }));
  const usable = new Set(
    listed
      .filter(({ definition, apiKey }) => apiKey !== null || definition.keyless)
      .map(({ definition }) => definition.id),
  );
  const found = withLocal
    ? await findLocalServers(
        { fetch, clock, log, ...(localPlaces && { places: localPlaces }) },
        AbortSignal.timeout(LOCAL_SEARCH_MS),
      )
    : [];
  // If the models file has a provider of the same name, the file's address counts.
  const unlisted = found.filter(({ definition }) => !file.providers.some(({ id }) => id === definition.id));
  const local = offersLocal ? unlisted : [];
  const isDemo =
    withDemo &&
    usable.size === 0 &&
    local.length === 0 &&
    file.models.some(({ routes }) => routes.some(({ provider }) => provider === DEMO_STANDS_FOR));
  const variables = new Map(listed.map(({ definition: { id, apiKeyVariable } }) => [id, apiKeyVariable]));
  const missingKeys: Providers['missingKeys'] = (models, askable) => {
    const led = new Set(models.flatMap(({ routes }) => routes.map(({ provider }) => provider)));
    const wanted = [...led.difference(askable)].map((id) => variables.get(id));
    return wanted.filter((variable) => typeof variable === 'string');
  };
  const demo = isDemo ? await startDemo(file, clock, log) : null;

  const definitions = [
    ...listed.map(({ definition, apiKey }) =>
      demo && definition.id === DEMO_STANDS_FOR
        ? { definition: { ...definition, ...demoDefinition(demo) }, apiKey: null }
        : { definition, apiKey },
    ),
    ...local.map(({ definition }) => ({ definition, apiKey: null })),
  ];
  for (const { definition } of local) usable.add(definition.id);
  if (demo) usable.add(DEMO_STANDS_FOR);
  if (usable.size === 0) {
    log.warn(
      `no API key is set, so no model is available; set ${missingKeys(file.models, usable).join(' or ')}`,
    );
  }

  const pace = createRate(clock, STREAM_READS);
  function clientOf(definition: ProviderDefinition, apiKey: string | null): ChatProvider {
    return createProviderClient({
      definition,
      apiKey,
      fetch,
      pace,
      clock,
      random: Math.random,
      log,
      requestTimeoutMs: config.OPENROUTER_TIMEOUT_SEC * 1_000,
      idleTimeoutMs: config.STREAM_IDLE_TIMEOUT_SEC * 1_000,
      firstProgressMs: config.STREAM_FIRST_PROGRESS_SEC * 1_000,
      progressMs: config.STREAM_PROGRESS_SEC * 1_000,
      attribution: ATTRIBUTION,
      ...(preferences && definition.features.routing ? { preferences } : {}),
    });
  }
  const clients = new Map(
    definitions.map(({ definition, apiKey }) => {
      const client = clientOf(definition, apiKey);
      if (demo && definition.id === DEMO_STANDS_FOR) return [definition.id, withOwnKeys(client, realOf())];
      const isStandIn =
        definition.id === 'openrouter' && !demo && definition.baseUrl !== DEFAULTS.OPENROUTER_BASE_URL;
      const plain = { ...definition, features: PLAIN.features };
      return [definition.id, isStandIn ? withPlainFallback(client, clientOf(plain, apiKey)) : client];
    }),
  );
  /** The provider that the demo stands in for, for guilds with their own key. */
  function realOf(): ChatProvider {
    const real = listed.find(({ definition }) => definition.id === DEMO_STANDS_FOR);
    if (real === undefined) throw new Error('the demo can only stand in for a provider of the models file');
    return clientOf(real.definition, null);
  }
  async function refusals(): Promise<readonly KeyRefusal[]> {
    const signal = AbortSignal.timeout(KEY_CHECK_MS);
    const checked = listed.map(async ({ definition: { id, apiKeyVariable: variable }, apiKey }) => {
      const client = clients.get(id);
      if (apiKey === null || variable === null || client === undefined) return null;
      try {
        return (await client.checkKey(apiKey, signal)) ? null : { id, variable };
      } catch (error) {
        log.debug({ err: error, provider: id }, 'could not check a key');
        return null;
      }
    });
    return (await Promise.all(checked)).filter((refusal) => refusal !== null);
  }
  const names = new Map(definitions.map(({ definition: { id, name } }) => [id, name]));

  return {
    clients,
    usable,
    searching: new Set(
      definitions
        .filter(({ definition }) => definition.features.webSearch)
        .map(({ definition }) => definition.id),
    ),
    forOwnKeys: clients,
    listing: demo ? [] : [...clients.values()].filter(({ id }) => usable.has(id)),
    local,
    listed: listed.map(({ definition }) => definition),
    isDemo,
    demoLacks: isDemo ? (variables.get(DEMO_STANDS_FOR) ?? null) : null,
    found: unlisted,
    missingKeys,
    refusals,
    nameOf: (id) => names.get(id) ?? id,
    close: async () => demo?.stop(),
  };
}

/** The features that every server has. */
const PLAIN = defineProvider({ id: 'plain', baseUrl: 'http://127.0.0.1', keyless: true });

/** Time limit of the whole search; each probe has a shorter one. */
const LOCAL_SEARCH_MS = 1_000;

/** The start waits for this; a check takes about 200 ms. */
const KEY_CHECK_MS = 1_500;

/** By default all models of the file use this provider. */
const DEMO_STANDS_FOR = 'openrouter';

/** The demo, except for requests with guilds' own keys and checks of such keys. */
function withOwnKeys(demo: ChatProvider, real: ChatProvider): ChatProvider {
  const who = (apiKey: string | undefined) => (apiKey === undefined ? demo : real);
  return {
    id: demo.id,
    looksUpCosts: real.looksUpCosts,
    stream: (request, signal) => who(request.apiKey).stream(request, signal),
    complete: (request, signal) => who(request.apiKey).complete(request, signal),
    models: (signal) => demo.models(signal),
    generationCost: (generationId, apiKey, signal) =>
      who(apiKey).generationCost(generationId, apiKey, signal),
    checkKey: (apiKey, signal) => real.checkKey(apiKey, signal),
  };
}

function demoDefinition({ baseUrl }: DemoProvider): Partial<ProviderDefinition> {
  return { name: "Parley's demo", baseUrl, keyless: true };
}

async function startDemo(file: CatalogueFile, clock: Clock, log: Logger): Promise<DemoProvider> {
  const { createDemoProvider } = await import('../demo/demo-provider.ts');
  const demo = createDemoProvider({ models: file.models, clock, log });
  await demo.start();
  return demo;
}

const DEFAULTS = readConfig({});

/** A built-in provider with the environment's address. A server that replaces it may need no key. */
function withEnvironment(definition: ProviderDefinition, config: Config): ProviderDefinition {
  const variable = BASE_URLS.get(definition.id);
  if (variable === undefined) return definition;
  const baseUrl = config[variable];
  return { ...definition, baseUrl, keyless: definition.keyless || baseUrl !== DEFAULTS[variable] };
}

const BASE_URLS: ReadonlyMap<string, 'OPENROUTER_BASE_URL' | 'OPENAI_BASE_URL'> = new Map([
  ['openrouter', 'OPENROUTER_BASE_URL'],
  ['openai', 'OPENAI_BASE_URL'],
]);
