import type { InputModality, Model, Offer, Route } from '../ports/model.ts';
import { LOCAL_PLATFORM } from '../ports/platforms.ts';
import type { ModelFacts, ModelPrices } from '../ports/provider.ts';
import type { ProviderDefinition } from '../provider/definition.ts';
import { type CatalogueFile, MAX_ID_CHARS, type ModelEntry, UNKNOWN_CONTEXT_TOKENS } from './file.ts';

export interface CatalogueSources extends Pick<CatalogueFile, 'models' | 'providers'> {
  /** Servers on this machine. What they serve is offered unlisted, as `free`, in the playground alone. */
  readonly localProviders?: readonly ProviderDefinition[];
}

/** What each provider that has answered said of its models, by wire id. */
export type KnownFacts = ReadonlyMap<string, ReadonlyMap<string, ModelFacts>>;

const FREE_OF_CHARGE: ModelPrices = {
  promptPicoUsd: 0,
  completionPicoUsd: 0,
  requestPicoUsd: 0,
  imagePicoUsd: 0,
  webSearchPicoUsd: 0,
};

const NOTHING_KNOWN: Omit<Offer, 'gone'> = {
  contextTokens: UNKNOWN_CONTEXT_TOKENS,
  maxOutputTokens: null,
  prices: FREE_OF_CHARGE,
  input: ['text'],
};

/** The models of the file as the providers describe them now, and those of local servers after them. */
export function modelsFrom(sources: CatalogueSources, facts: KnownFacts): Model[] {
  const { models, providers, localProviders = [] } = sources;
  const free = new Set(providers.filter((provider) => provider.free).map(({ id }) => id));
  const built = new Map(models.map((entry) => [entry.id, listedModel(entry, facts, free)]));
  for (const { id: provider } of localProviders) {
    for (const own of facts.get(provider)?.values() ?? []) {
      const model = localModel(provider, own);
      // Nothing that a server says takes the place of a model that is listed, or opens one by another name.
      if (!built.has(model.id) && !isListed(models, provider, own.id)) built.set(model.id, model);
    }
  }
  return [...built.values()];
}

function isListed(models: readonly ModelEntry[], provider: string, wireModel: string): boolean {
  return models.some(({ routes }) =>
    routes.some((route) => route.provider === provider && route.wireModel === wireModel),
  );
}

function listedModel(entry: ModelEntry, facts: KnownFacts, free: ReadonlySet<string>): Model {
  const routes = entry.routes.map(({ provider, wireModel }): Route => {
    const answered = facts.get(provider);
    const own = answered?.get(wireModel);
    const offer = offerOf(entry, own);
    return {
      provider,
      wireModel,
      ...offer,
      ...(free.has(provider) && { prices: FREE_OF_CHARGE }),
      gone: answered !== undefined && own === undefined,
    };
  });
  return modelOf({ id: entry.id, name: entry.name, tier: entry.tier, onlyOn: null }, routes);
}

function localModel(provider: string, facts: ModelFacts): Model {
  const route: Route = {
    provider,
    wireModel: facts.id,
    ...offerOf(NOTHING_KNOWN, facts),
    prices: FREE_OF_CHARGE,
    gone: false,
  };
  // llama.cpp names a model by the path of its file.
  const file = facts.id.slice(facts.id.lastIndexOf('/') + 1);
  const id = `${provider}/${file.replace(/[^A-Za-z0-9._:-]/g, '-')}`.slice(0, MAX_ID_CHARS);
  return modelOf({ id, name: file, tier: 'free', onlyOn: LOCAL_PLATFORM }, [route]);
}

function modelOf(identity: Pick<Model, 'id' | 'name' | 'tier' | 'onlyOn'>, routes: readonly Route[]): Model {
  const leading = routes.find(({ gone }) => !gone) ?? (routes[0] as Route);
  const { contextTokens, maxOutputTokens, prices, input, gone } = leading;
  return { ...identity, routes, contextTokens, maxOutputTokens, prices, input, gone };
}

/** The provider's word counts; where it says nothing, the file's. */
function offerOf(own: Omit<Offer, 'gone'>, facts: ModelFacts | undefined): Omit<Offer, 'gone'> {
  return {
    contextTokens: facts?.contextTokens ?? own.contextTokens,
    maxOutputTokens: facts?.maxOutputTokens ?? own.maxOutputTokens,
    prices: {
      promptPicoUsd: facts?.prices.promptPicoUsd ?? own.prices.promptPicoUsd,
      completionPicoUsd: facts?.prices.completionPicoUsd ?? own.prices.completionPicoUsd,
      requestPicoUsd: facts?.prices.requestPicoUsd ?? own.prices.requestPicoUsd,
      imagePicoUsd: facts?.prices.imagePicoUsd ?? own.prices.imagePicoUsd,
      webSearchPicoUsd: facts?.prices.webSearchPicoUsd ?? own.prices.webSearchPicoUsd,
    },
    input: facts?.inputModalities?.filter(isInput) ?? own.input,
  };
}

function isInput(modality: string): modality is InputModality {
  return modality === 'text' || modality === 'image';
}
