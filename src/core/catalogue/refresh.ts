import type { Logger } from 'pino';
import { createTasks } from '../kit/scheduling/tasks.ts';
import type { Clock } from '../kit/time/clock.ts';
import { LOCAL_PLATFORM } from '../ports/platforms.ts';
import type { ChatProvider, ModelFacts } from '../ports/provider.ts';
import { ProviderError } from '../ports/provider-errors.ts';
import type { Catalogue, CatalogueChange } from './catalogue.ts';
import { replacementFor } from './replacement.ts';

type Lister = Pick<ChatProvider, 'id' | 'models'>;

/** A model of the file that is gone from its providers. */
export interface GoneModel {
  /** Catalogue id. */
  readonly id: string;
  /** The provider's most similar model, by its wire id; null if there is none. */
  readonly instead: string | null;
}

export interface CatalogueRefreshOptions {
  readonly catalogue: Catalogue;
  readonly providers: readonly Lister[];
  readonly clock: Clock;
  /** Returns a number in [0, 1), which spreads the requests. */
  readonly random: () => number;
  readonly log: Logger;
}

/** Enough time to choose another model. */
const SOON_MS = 30 * 24 * 3_600_000;
const REFRESH_MS = 6 * 3_600_000;
/** After a failure; without it a start without network would last for half a day. */
const RETRY_MS = 15 * 60_000;
/** Each wait is extended by up to this share, so that installations do not all ask at once. */
const JITTER = 0.2;

/**
 * Asks each provider for its models, now and every 6 to 7 hours, and updates the catalogue. A provider that does not answer,
 * or whose list is implausible, changes nothing; that is logged once until it answers again.
 */
export function startCatalogueRefresh(options: CatalogueRefreshOptions) {
  const { catalogue, providers, clock, random, log } = options;
  const tasks = createTasks(log);
  const { signal } = tasks;
  /** Doubted prices and announced ends that were logged already. */
  const reported = new Set<string>();
  const isNews = (...about: readonly string[]) => {
    const id = JSON.stringify(about);
    return reported.has(id) ? false : reported.add(id);
  };
  const found: GoneModel[] = [];
  const asked = providers.map(() => Promise.withResolvers<void>());

  async function keepFresh(provider: Lister, index: number): Promise<void> {
    let isFailing = false;
    while (!signal.aborted) {
      const trouble = await refresh(provider);
      asked[index]?.resolve();
      if (signal.aborted) return;
      if (trouble === null) isFailing = false;
      else if (!isFailing) {
        isFailing = true;
        log.warn(
          { provider: provider.id, ...trouble },
          'ignored the list of models of a provider; the catalogue keeps its models',
        );
      }
      const waitMs = isFailing ? RETRY_MS : REFRESH_MS;
      await clock.sleep(waitMs * (1 + JITTER * random()), signal).catch(() => {});
    }
  }

  function reportDoubts(provider: string, doubts: CatalogueChange['doubts']): void {
    const fresh = doubts.filter(({ model, kind }) => isNews(provider, model, kind));
    if (fresh.length === 0) return;
    log.warn(
      { provider, prices: fresh },
      'ignored implausible prices of a provider: far from those in models.json, or in another unit. Correct models.json if it is wrong',
    );
  }

  function reportEnds(ending: CatalogueChange['ending']): void {
    const soon = clock.now() + SOON_MS;
    const fresh = ending.filter(
      ({ model, endsOn }) => Date.parse(endsOn) < soon && isNews('end', model, endsOn),
    );
    if (fresh.length === 0) return;
    log.warn({ models: fresh }, 'providers will remove these models soon; choose others');
  }

  function reportGone(provider: string, gone: readonly string[], list: readonly ModelFacts[]): void {
    const lost = gone.map((id): GoneModel => {
      const model = catalogue.get(id, LOCAL_PLATFORM);
      const route = model?.routes.find((to) => to.provider === provider);
      return { id, instead: replacementFor(route?.wireModel ?? id, list) };
    });
    found.push(...lost);
    log.warn({ provider, models: gone, instead: lost.map(({ instead }) => instead) }, 'models are gone');
  }

  /** Null if all went well, else details for the log. */
  async function refresh(provider: Lister): Promise<object | null> {
    try {
      const list = await provider.models(signal);
      const { believed, gone, back, ending, doubts } = catalogue.apply(provider.id, list);
      reportDoubts(provider.id, doubts);
      reportEnds(ending);
      if (gone.length > 0) reportGone(provider.id, gone, list);
      if (back.length > 0) log.info({ provider: provider.id, models: back }, 'models are back');
      return believed ? null : { reason: 'it has none of the models routed there' };
    } catch (error) {
      return error instanceof ProviderError
        ? { reason: error.message, cause: causesOf(error) }
        : { err: error };
    }
  }

  for (const [index, provider] of providers.entries()) {
    tasks.run('keep the models of a provider fresh', () => keepFresh(provider, index));
  }
  return {
    /** The models that were gone after every provider had been asked once. */
    first: Promise.all(asked.map(({ promise }) => promise)).then((): readonly GoneModel[] => [...found]),
    stop: () => tasks.stop(),
  };
}

/** The causes of a fault, outermost first: `fetch failed`, then `getaddrinfo ENOTFOUND proxy`. */
function causesOf({ cause }: Error): string[] {
  const causes: string[] = [];
  for (let next = cause; next instanceof Error && causes.length < 5; next = next.cause) {
    causes.push(next.message || next.name);
  }
  return causes;
}
