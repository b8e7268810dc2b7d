import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import type { Background } from '../kit/repeat.ts';
import { LOCAL_PLATFORM } from '../ports/platforms.ts';
import type { ChatProvider, ModelFacts } from '../ports/provider.ts';
import { ProviderError } from '../ports/provider-errors.ts';
import type { Catalogue, CatalogueChange } from './catalogue.ts';
import { replacementFor } from './replacement.ts';

type Lister = Pick<ChatProvider, 'id' | 'models'>;

/** A model of the file that its providers no longer have. */
export interface GoneModel {
  /** Catalogue id. */
  readonly id: string;
  /** What its provider has that is most like it, as the provider calls it; null for nothing. */
  readonly instead: string | null;
}

export interface CatalogueRefresh extends Background {
  /** What was found to be gone when every provider had been asked for the first time. */
  readonly first: Promise<readonly GoneModel[]>;
}

export interface CatalogueRefreshOptions {
  readonly catalogue: Catalogue;
  readonly providers: readonly Lister[];
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly log: Logger;
}

/** Time enough to choose another model. */
const SOON_MS = 30 * 24 * 3_600_000;
const REFRESH_MS = 6 * 3_600_000;
/** After a list could not be had, so that a start without network is not the state of half a day. */
const RETRY_MS = 15 * 60_000;
/** Up to that share of a wait is added to it, so that installations do not ask all at once. */
const JITTER = 0.2;

/**
 * Asks each provider for its models, now and every 6 to 7 hours, and lets the catalogue take over what they say. A
 * provider that does not answer, or not plausibly, changes nothing; that is logged once, until it answers again.
 */
export function startCatalogueRefresh(options: CatalogueRefreshOptions): CatalogueRefresh {
  const { catalogue, providers, clock, random, log } = options;
  const stopping = new AbortController();
  /** Doubtful prices and days of an end that were reported, so that each is reported once. */
  const reported = new Set<string>();
  const isNews = (...about: readonly string[]) => {
    const id = JSON.stringify(about);
    return reported.has(id) ? false : reported.add(id);
  };
  const { signal } = stopping;
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
          'its list of models is not used; the catalogue stays as it is',
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
      'prices that a provider names are not believed: they are far from those of models.json, or in another unit. models.json counts; correct it if it is wrong',
    );
  }

  function reportEnds(ending: CatalogueChange['ending']): void {
    const soon = clock.now() + SOON_MS;
    const fresh = ending.filter(
      ({ model, endsOn }) => Date.parse(endsOn) < soon && isNews('end', model, endsOn),
    );
    if (fresh.length === 0) return;
    log.warn({ models: fresh }, 'models that their provider takes off soon: put others in their place');
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

  /** Null if all went well, else what goes into the log. */
  async function refresh(provider: Lister): Promise<object | null> {
    try {
      const list = await provider.models(signal);
      const { believed, gone, back, ending, doubts } = catalogue.apply(provider.id, list);
      reportDoubts(provider.id, doubts);
      reportEnds(ending);
      if (gone.length > 0) reportGone(provider.id, gone, list);
      if (back.length > 0) log.info({ provider: provider.id, models: back }, 'models are back');
      return believed ? null : { reason: 'it names none of the models that are routed there' };
    } catch (error) {
      return error instanceof ProviderError
        ? { reason: error.message, cause: causesOf(error) }
        : { err: error };
    }
  }

  const running = Promise.all(providers.map(keepFresh));
  return {
    first: Promise.all(asked.map(({ promise }) => promise)).then(() => [...found]),
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** What lies behind a fault, outermost first: `fetch failed`, then `getaddrinfo ENOTFOUND proxy`. */
function causesOf({ cause }: Error): string[] {
  const causes: string[] = [];
  for (let next = cause; next instanceof Error && causes.length < 5; next = next.cause) {
    causes.push(next.message || next.name);
  }
  return causes;
}
