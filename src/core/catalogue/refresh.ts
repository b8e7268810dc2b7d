import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import type { Background } from '../kit/repeat.ts';
import type { ChatProvider } from '../ports/provider.ts';
import { ProviderError } from '../ports/provider-errors.ts';
import type { Catalogue, CatalogueChange } from './catalogue.ts';

type Lister = Pick<ChatProvider, 'id' | 'models'>;

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
export function startCatalogueRefresh(options: CatalogueRefreshOptions): Background {
  const { catalogue, providers, clock, random, log } = options;
  const stopping = new AbortController();
  /** Doubtful prices and days of an end that were reported, so that each is reported once. */
  const reported = new Set<string>();
  const isNews = (...about: readonly string[]) => {
    const id = JSON.stringify(about);
    return reported.has(id) ? false : reported.add(id);
  };
  const { signal } = stopping;

  async function keepFresh(provider: Lister): Promise<void> {
    let isFailing = false;
    while (!signal.aborted) {
      const trouble = await refresh(provider);
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

  /** Null where all went well, else what goes into the log. */
  async function refresh(provider: Lister): Promise<object | null> {
    try {
      const { believed, gone, back, ending, doubts } = catalogue.apply(
        provider.id,
        await provider.models(signal),
      );
      reportDoubts(provider.id, doubts);
      reportEnds(ending);
      if (gone.length > 0) log.warn({ provider: provider.id, models: gone }, 'models are gone');
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
