import type { Model } from '../ports/model.ts';
import type { Platform } from '../ports/platforms.ts';
import type { ModelFacts } from '../ports/provider.ts';
import type { Tier } from '../ports/tiers.ts';
import type { PriceDoubt } from './believed-prices.ts';
import { dearestPrices, type FirmPrices } from './dearest-prices.ts';
import { type CatalogueSources, modelsFrom, priceDoubts } from './models.ts';
import { modelNamed, nearestModels } from './names.ts';

export interface Resolution {
  readonly model: Model | null;
  /** If `model` is null: at most 3 with similar names, best first. */
  readonly near: readonly Model[];
}

export interface CatalogueChange {
  /** False if the list has none of the models expected of the provider; it was then ignored. */
  readonly believed: boolean;
  /** Ids of models that are gone now, and of those that are back or new. */
  readonly gone: readonly string[];
  readonly back: readonly string[];
  /** Models that the provider will remove, with the day (YYYY-MM-DD). */
  readonly ending: readonly { readonly model: string; readonly endsOn: string }[];
  /** Prices that were not believed, with the ids of their models. */
  readonly doubts: readonly (PriceDoubt & { readonly model: string })[];
}

const MAX_NEAR = 3;

export type Catalogue = ReturnType<typeof createCatalogue>;

/** The models on offer, as snapshots: a `Model` never changes. One that is `onlyOn` a platform does not exist on others. */
export function createCatalogue(of: CatalogueSources) {
  let sources = of;
  const local = new Set(sources.localProviders?.map(({ id }) => id));
  const facts = new Map<string, ReadonlyMap<string, ModelFacts>>();
  let snapshot = snapshotOf(modelsFrom(sources, facts));

  function on(platform: Platform): Model[] {
    return snapshot.models.filter(({ onlyOn }) => onlyOn === null || onlyOn === platform);
  }

  /**
   * A proxy or test server in a provider's place may list other models than it serves. So a list with none of the models
   * routed there does not remove them all, and an empty list says nothing.
   */
  function isPlausible(provider: string, byWireId: ReadonlyMap<string, ModelFacts>): boolean {
    if (local.has(provider)) return byWireId.size > 0;
    const routes = sources.models.flatMap((model) => model.routes).filter((to) => to.provider === provider);
    return routes.length === 0 || routes.some(({ wireModel }) => byWireId.has(wireModel));
  }

  return {
    /** The model with exactly this id; no other spelling finds it. */
    get(id: string, platform: Platform): Model | null {
      const model = snapshot.byId.get(id);
      return model && (model.onlyOn === null || model.onlyOn === platform) ? model : null;
    },
    /** The model that a person means, or else similar ones. */
    resolve(spelling: string, platform: Platform): Resolution {
      const models = on(platform);
      const model = modelNamed(spelling, models);
      return { model, near: model ? [] : nearestModels(spelling, models).slice(0, MAX_NEAR) };
    },
    /** In the order of `models.json`, including models that are gone. */
    list: on,
    /** Prices assumed for a model without prices. */
    get dearest(): FirmPrices {
      return snapshot.dearest;
    },
    /** The bounds of one answer at this tier, if the operator pays. */
    bounds: (tier: Tier) => sources.tiers[tier],
    /** Replaces the models and bounds of the file. Facts from providers stay. */
    replace({ models, tiers }: Pick<CatalogueSources, 'models' | 'tiers'>): void {
      sources = { ...sources, models, tiers };
      snapshot = snapshotOf(modelsFrom(sources, facts));
    },
    /** Applies a provider's complete list of models. */
    apply(provider: string, list: readonly ModelFacts[]): CatalogueChange {
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
        ending: snapshot.models.flatMap(({ id, endsOn, routes }) =>
          endsOn === null || !routes.some((route) => route.provider === provider)
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
  return { gone: [...old.difference(now)], back: [...now.difference(old)] };
}
