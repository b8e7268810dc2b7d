import type { Model } from '../ports/model.ts';
import type { Platform } from '../ports/platforms.ts';
import type { ModelFacts } from '../ports/provider.ts';
import type { PriceDoubt } from './believed-prices.ts';
import { dearestPrices, type FirmPrices } from './dearest-prices.ts';
import { type CatalogueSources, modelsFrom, priceDoubts } from './models.ts';
import { modelNamed, nearestModels } from './names.ts';

/**
 * The models on offer. Each answer is a view of one moment: a `Model` in hand never changes, a refresh makes new ones.
 * On platforms other than its own, a model that is `onlyOn` one does not exist.
 */
export interface Catalogue {
  /** The model with exactly this id. No spelling but the id itself finds it. */
  get(id: string, platform: Platform): Model | null;
  /** The model that a person means, and if it is not clear, those that may have been meant. */
  resolve(spelling: string, platform: Platform): Resolution;
  /** In the order of `models.json`; gone ones included. */
  list(platform: Platform): readonly Model[];
  /** What a model without a price counts at. */
  readonly dearest: FirmPrices;
  /** Puts other models in the place of those of the file; what providers said of theirs counts on. */
  replace(models: CatalogueSources['models']): void;
  /** Takes over what a provider's whole list says of its models. */
  apply(provider: string, facts: readonly ModelFacts[]): CatalogueChange;
}

export interface Resolution {
  readonly model: Model | null;
  /** If there is no model: at most 3 with a similar name, best first. */
  readonly near: readonly Model[];
}

export interface CatalogueChange {
  /** False if the list names nothing that is expected of the provider: nothing was taken over then. */
  readonly believed: boolean;
  /** Ids of models that went, and of those that came back or came up. */
  readonly gone: readonly string[];
  readonly back: readonly string[];
  /** Models that will go, with the day. */
  readonly ending: readonly { readonly model: string; readonly endsOn: string }[];
  /** Prices that were not taken over, with the ids of their models. */
  readonly doubts: readonly (PriceDoubt & { readonly model: string })[];
}

const MAX_NEAR = 3;

export function createCatalogue(of: CatalogueSources): Catalogue {
  let sources = of;
  const local = new Set(sources.localProviders?.map(({ id }) => id));
  const facts = new Map<string, ReadonlyMap<string, ModelFacts>>();
  let snapshot = snapshotOf(modelsFrom(sources, facts));

  function on(platform: Platform): Model[] {
    return snapshot.models.filter(({ onlyOn }) => onlyOn === null || onlyOn === platform);
  }

  /**
   * A proxy or a test server in a provider's place may list other things than it serves. A list that has none of the
   * models routed there is no reason to take them all off the menu; one that is empty tells nothing.
   */
  function isPlausible(provider: string, byWireId: ReadonlyMap<string, ModelFacts>): boolean {
    if (local.has(provider)) return byWireId.size > 0;
    const routes = sources.models.flatMap((model) => model.routes).filter((to) => to.provider === provider);
    return routes.length === 0 || routes.some(({ wireModel }) => byWireId.has(wireModel));
  }

  return {
    get(id, platform) {
      const model = snapshot.byId.get(id);
      return model && (model.onlyOn === null || model.onlyOn === platform) ? model : null;
    },
    resolve(spelling, platform) {
      const models = on(platform);
      const model = modelNamed(spelling, models);
      return { model, near: model ? [] : nearestModels(spelling, models).slice(0, MAX_NEAR) };
    },
    list: on,
    get dearest() {
      return snapshot.dearest;
    },
    replace(models) {
      sources = { ...sources, models };
      snapshot = snapshotOf(modelsFrom(sources, facts));
    },
    apply(provider, list) {
      const byWireId = new Map(list.map((model) => [model.id, model]));
      if (!isPlausible(provider, byWireId)) {
        return { believed: false, gone: [], back: [], ending: [], doubts: [] };
      }
      const before = snapshot;
      facts.set(provider, byWireId);
      snapshot = snapshotOf(modelsFrom(sources, facts));
      return {
        believed: true,
        ...changeBetween(before, snapshot),
        ending: snapshot.models.flatMap(({ id, gone, endsOn, routes }) =>
          gone || endsOn === null || !routes.some((route) => route.provider === provider)
            ? []
            : [{ model: id, endsOn }],
        ),
        doubts: priceDoubts(sources, facts, provider),
      };
    },
  };
}

interface Snapshot {
  readonly models: readonly Model[];
  readonly byId: ReadonlyMap<string, Model>;
  readonly dearest: FirmPrices;
}

function snapshotOf(models: readonly Model[]): Snapshot {
  return {
    models,
    byId: new Map(models.map((model) => [model.id, model])),
    dearest: dearestPrices(models.flatMap(({ routes }) => routes)),
  };
}

function changeBetween(before: Snapshot, after: Snapshot): Pick<CatalogueChange, 'gone' | 'back'> {
  const offered = ({ models }: Snapshot) => new Set(models.filter(({ gone }) => !gone).map(({ id }) => id));
  const [old, now] = [offered(before), offered(after)];
  return {
    gone: [...old].filter((id) => !now.has(id)),
    back: [...now].filter((id) => !old.has(id)),
  };
}
