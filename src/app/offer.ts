import { isDeepStrictEqual } from 'node:util';
import { type Catalogue, createCatalogue } from '../core/catalogue/catalogue.ts';
import type { CatalogueFile } from '../core/catalogue/file.ts';
import { type GoneModel, startCatalogueRefresh } from '../core/catalogue/refresh.ts';
import type { LimitsConfig } from '../core/ports/limits.ts';
import { findLocalServers, type LocalSearchOptions, type LocalServer } from '../core/provider/local.ts';
import { isPlaygroundOn } from './config/exposure.ts';
import { watchModelsFile } from './config/models-file.ts';
import type { Means } from './means.ts';
import { isUsable, type ListedProvidersOptions, listedProviders } from './providers/listed.ts';
import {
  createProviders,
  type KeyRefusal,
  missingKeys,
  type Providers,
  refusedKeys,
  startDemo,
} from './providers/providers.ts';

/** The models on offer, and the providers behind them. */
export interface Offer {
  readonly providers: Providers;
  readonly catalogue: Catalogue;
  /** The models file's limits, which change with the file. */
  readonly limits: LimitsConfig;
  /** Servers on this machine that the models file does not name … */
  readonly found: readonly LocalServer[];
  /** … and those of them whose models are offered. */
  readonly local: readonly LocalServer[];
  /** The variable whose key would replace the demo; null if there is no demo. */
  readonly demoLacks: string | null;
  /** The providers that reject the operator's key. Never rejects. */
  readonly refusals: Promise<readonly KeyRefusal[]>;
  /** The models that are gone from their providers, as far as these said so within 2 s. Never rejects. */
  readonly gone: Promise<readonly GoneModel[]>;
  /** Reads the models file again, as after each change to it. Never rejects. */
  reloadModels(): Promise<void>;
}

export interface OfferOptions extends ListedProvidersOptions, Means {
  readonly file: CatalogueFile;
  /**
   * Reads the models file again.
   * @throws SetupError
   */
  readonly readModels: () => Promise<CatalogueFile>;
  /** Addresses of servers on this machine. Default: the servers' default ports. */
  readonly localPlaces?: LocalSearchOptions['places'];
}

/** Time limit of the whole search; each probe has a shorter one. */
const LOCAL_SEARCH_MS = 1_000;
/** The start waits for this so that it can name models that are gone; a list takes about 300 ms. */
const FIRST_LISTS_MS = 2_000;

/** Finds the providers and their models, and keeps the catalogue equal to both the models file and the providers. */
export async function openOffer(options: OfferOptions, closing: AsyncDisposableStack): Promise<Offer> {
  const { config, file, clock, log } = options;
  const found = await unlistedServers(options);
  const isEverywhere = config.LOCAL_MODELS === 'on';
  const local = isEverywhere || isPlaygroundOn(config) ? found : [];
  const demo =
    local.length > 0 || listedProviders(options).some(isUsable) ? null : await startDemo(file, options);
  closing.defer(() => demo?.stop());

  const providers = createProviders({ ...options, local, demo });
  if (providers.usable.size === 0) {
    const missing = missingKeys(providers, file.models).join(' or ');
    log.warn(`no API key is set, so no model is available; set ${missing}`);
  }
  const catalogue = createCatalogue({
    ...file,
    localProviders: local.map(({ definition }) => definition),
    localEverywhere: isEverywhere,
  });
  for (const { definition, models } of local) catalogue.apply(definition.id, models);

  const limits = { ...file.limits };
  const modelsFile = watchModelsFile({
    path: config.MODELS_FILE,
    read: options.readModels,
    apply(changed) {
      catalogue.replace(changed);
      Object.assign(limits, changed.limits);
      if (isDeepStrictEqual(changed.providers, file.providers)) return;
      log.warn({}, 'the providers in the models file have changed; the change applies after a restart');
    },
    log,
  });
  closing.defer(modelsFile.stop);
  const refresh = startCatalogueRefresh({
    catalogue,
    providers: providers.listing,
    clock,
    log,
    random: Math.random,
  });
  closing.defer(refresh.stop);
  return {
    providers,
    catalogue,
    limits,
    found,
    local,
    demoLacks: demo === null ? null : 'OPENROUTER_API_KEY',
    refusals: refusedKeys(providers, log),
    gone: Promise.race([refresh.first, clock.sleep(FIRST_LISTS_MS).then(() => [])]),
    reloadModels: modelsFile.reload,
  };
}

/** If the models file has a provider of the same name, the file's address counts. */
async function unlistedServers({
  file,
  localPlaces,
  ...rest
}: OfferOptions): Promise<readonly LocalServer[]> {
  const places = localPlaces && { places: localPlaces };
  const found = await findLocalServers({ ...rest, ...places }, AbortSignal.timeout(LOCAL_SEARCH_MS));
  return found.filter(({ definition }) => !file.providers.some(({ id }) => id === definition.id));
}
