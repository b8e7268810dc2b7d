import { type Model, NO_TRAITS, type Offer, type Route } from '../ports/model.ts';
import { LOCAL_PLATFORM } from '../ports/platforms.ts';
import { FREE_OF_CHARGE, type Modality, type ModelFacts, NO_PRICES } from '../ports/provider.ts';
import type { ProviderDefinition } from '../provider/definition.ts';
import { type PriceDoubt, weighPrices } from './believed-prices.ts';
import { type CatalogueFile, MAX_ID_CHARS, type ModelEntry, UNKNOWN_CONTEXT_TOKENS } from './file.ts';
import { type EffortRange, knownEfforts } from './known-efforts.ts';

export interface CatalogueSources extends Pick<CatalogueFile, 'models' | 'providers' | 'tiers'> {
  /** Servers on this machine. Their models are offered unlisted, as tier `free`, in the playground. */
  readonly localProviders?: readonly ProviderDefinition[];
  /** Whether their models are offered on other platforms too. Default false. */
  readonly localEverywhere?: boolean;
}

/** The facts from each provider that has answered, by wire id. */
export type KnownFacts = ReadonlyMap<string, ReadonlyMap<string, ModelFacts>>;

/** The facts that count if the provider names none. */
type AssumedFacts = Pick<Offer, 'contextTokens' | 'maxOutputTokens' | 'input' | 'output' | 'thinks'>;

const NOTHING_KNOWN: Omit<AssumedFacts, 'thinks'> = {
  contextTokens: UNKNOWN_CONTEXT_TOKENS,
  maxOutputTokens: null,
  input: ['text'],
  output: ['text'],
};

/** The models of the file as the providers describe them now, followed by those of local servers. */
export function modelsFrom(sources: CatalogueSources, facts: KnownFacts): Model[] {
  const { models, providers, localProviders = [], localEverywhere = false } = sources;
  const onlyOn = localEverywhere ? null : LOCAL_PLATFORM;
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  const built = new Map(models.map((entry) => [entry.id, listedModel(entry, facts, byId)]));
  for (const definition of localProviders) {
    const { id: provider } = definition;
    const listed = models.flatMap(({ routes }) => routes).filter((route) => route.provider === provider);
    const served = [...(facts.get(provider)?.values() ?? [])];
    for (const own of served) {
      const isAlone = served.every(({ id }) => id === own.id || lastOf(id) !== lastOf(own.id));
      const model = localModel(definition, own, isAlone ? lastOf(own.id) : own.id, onlyOn);
      // A local server cannot replace a listed model, or offer one under another name.
      const isListed = built.has(model.id) || listed.some(({ wireModel }) => wireModel === own.id);
      if (!isListed) built.set(model.id, model);
    }
  }
  return [...built.values()];
}

/** Prices of providers that look wrong, by catalogue id. */
export function priceDoubts(
  { models, providers }: CatalogueSources,
  facts: KnownFacts,
  provider: string,
): readonly (PriceDoubt & { readonly model: string })[] {
  const definition = providers.find(({ id }) => id === provider);
  if (definition?.free) return [];
  return models.flatMap(({ id: model, prices, routes }) => {
    const route = routes.find((to) => to.provider === provider);
    const said = route && facts.get(provider)?.get(route.wireModel)?.prices;
    if (said === undefined) return [];
    const { doubts } = weighPrices(prices, said, isBiller(definition));
    return doubts.map((doubt) => ({ model, ...doubt }));
  });
}

function isBiller(definition: ProviderDefinition | undefined): boolean {
  return definition?.features.tokenPrices ?? false;
}

function listedModel(
  entry: ModelEntry,
  facts: KnownFacts,
  providers: ReadonlyMap<string, ProviderDefinition>,
): Model {
  const routes = entry.routes.map(({ provider, wireModel }): Route => {
    const answered = facts.get(provider);
    const own = answered?.get(wireModel);
    const definition = providers.get(provider);
    const { doubtedPrices, ...weighed } = weighPrices(
      entry.prices,
      own?.prices ?? NO_PRICES,
      isBiller(definition),
    );
    return {
      provider,
      wireModel,
      ...offerOf({ ...entry, thinks: entry.traits.reasoningInText || isThinker(wireModel) }, own),
      ...effortsOf(wireModel, entry.efforts, own, definition),
      ...(definition?.free
        ? { prices: FREE_OF_CHARGE }
        : { prices: weighed.prices, ...(doubtedPrices && { doubtedPrices }) }),
      gone: answered !== undefined && own === undefined,
    };
  });
  const { id, name, tier, traits } = entry;
  return modelOf({ id, name, tier, onlyOn: null, traits }, routes);
}

/** llama.cpp names a model by its file's path, Ollama by its repository's address. */
function lastOf(wireModel: string): string {
  return wireModel.slice(wireModel.lastIndexOf('/') + 1);
}

/** @param name the last part of the wire id, or all of it if the last part is ambiguous */
function localModel(
  definition: ProviderDefinition,
  facts: ModelFacts,
  name: string,
  onlyOn: Model['onlyOn'],
): Model {
  const { id: provider } = definition;
  const route: Route = {
    provider,
    wireModel: facts.id,
    ...offerOf({ ...NOTHING_KNOWN, thinks: isThinker(facts.id) }, facts),
    ...effortsOf(facts.id, null, facts, definition),
    prices: FREE_OF_CHARGE,
    gone: false,
  };
  const id = `${provider}/${name.replace(/[^A-Za-z0-9._:-]/g, '-')}`.slice(0, MAX_ID_CHARS);
  return modelOf({ id, name, tier: 'free', onlyOn, traits: NO_TRAITS }, [route]);
}

function modelOf(
  identity: Pick<Model, 'id' | 'name' | 'tier' | 'onlyOn' | 'traits'>,
  routes: readonly Route[],
): Model {
  const leading = routes.find(({ gone }) => !gone) ?? (routes[0] as Route);
  const { provider: _provider, wireModel: _wireModel, ...offer } = leading;
  return { ...identity, routes, ...offer, endsOn: lastDay(routes) };
}

/** The provider's facts count; the file fills the gaps. Prices are handled separately. */
function offerOf(own: AssumedFacts, facts: ModelFacts | undefined): AssumedFacts & Pick<Offer, 'endsOn'> {
  return {
    contextTokens: facts?.contextTokens ?? own.contextTokens,
    maxOutputTokens: facts?.maxOutputTokens ?? own.maxOutputTokens,
    input: facts?.inputModalities?.filter(isModality) ?? own.input,
    output: facts?.outputModalities?.filter(isModality) ?? own.output,
    thinks: facts?.thinks ?? own.thinks,
    endsOn: dayOf(facts?.expiresAt ?? ''),
  };
}

/** None at a server of which it is not known in which field it takes one. */
function effortsOf(
  wireModel: string,
  own: ModelEntry['efforts'],
  facts: ModelFacts | undefined,
  definition: ProviderDefinition | undefined,
): EffortRange {
  const known = knownEfforts(wireModel);
  const isTaken = (definition?.features.effortField ?? null) !== null;
  return {
    efforts: isTaken ? (facts?.efforts ?? own ?? known.efforts) : [],
    defaultEffort: facts?.defaultEffort ?? known.defaultEffort,
  };
}

/** Names of model families that reason by default, for providers that do not say. */
const THINKERS =
  /(?:^|[/:._-])(?:o[1-9]|gpt-[5-9]|gpt-oss|r1|qwq|magistral|grok-[3-9]-mini|grok-4|gemini-(?:2\.5-pro|[3-9])|[a-z]*(?:thinking|reason(?:er|ing)))(?![a-z0-9])/i;

function isThinker(wireModel: string): boolean {
  return THINKERS.test(wireModel) && !/non-(?:thinking|reasoning)/i.test(wireModel);
}

/** Null if it is not a date. */
function dayOf(text: string): string | null {
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? null : new Date(atMs).toISOString().slice(0, 10);
}

/** The day on which the last route ends; null if one has no end. */
function lastDay(routes: readonly Route[]): string | null {
  const days = routes.filter(({ gone }) => !gone).map(({ endsOn }) => endsOn);
  return days.includes(null) ? null : (days.toSorted().at(-1) ?? null);
}

function isModality(modality: string): modality is Modality {
  return modality === 'text' || modality === 'image';
}
