import type { AdminHost, HealthLine } from '../admin/host.ts';
import { createGuildNames } from '../core/access/guild-names.ts';
import { failuresInWords, type OutcomeSum, outcomeOf } from '../core/conversations/outcome-report.ts';
import type { Slots } from '../core/kit/scheduling/slots.ts';
import { counted } from '../core/kit/text/text.ts';
import type { Adapter } from '../core/ports/adapter.ts';
import { LOCAL_PLATFORM, PLATFORMS } from '../core/ports/platforms.ts';
import { type Store, StoreError } from '../core/ports/store.ts';
import type { Services } from '../core/services.ts';
import type { KeyRefusal, Providers } from './providers/providers.ts';

export interface AdminHostOptions {
  readonly services: Services;
  readonly store: Store;
  readonly adapters: readonly Adapter[];
  readonly providers: Pick<Providers, 'usable' | 'nameOf'> & {
    readonly clients: Pick<Providers['clients'], 'keys'>;
  };
  /** Providers that rejected the operator's keys at the start. Never rejects. */
  readonly refusals: Promise<readonly KeyRefusal[]>;
  readonly slots: Slots;
}

/** A store that takes longer for an empty request is overloaded. */
const SLOW_MS = 250;
const HOUR_MS = 3_600_000;
/** People notice if more than one answer in five fails. */
const FAILS_MUCH = 5;

/** The dashboard's view of this process. */
export function createAdminHost(options: AdminHostOptions): AdminHost {
  const { services, store, adapters, providers, slots } = options;
  return {
    services,
    names: createGuildNames(store),
    providerName: providers.nameOf,
    usable: providers.usable,
    health: async () => [
      ...adapters.map(platformLine),
      ...(await providerLines(options)),
      await storeLine(store),
      backlogLine(slots),
    ],
  };
}

function platformLine(adapter: Adapter): HealthLine {
  return {
    area: 'Platform',
    name: adapter.platform === LOCAL_PLATFORM ? 'Playground' : PLATFORMS[adapter.platform].name,
    ...(adapter.ready()
      ? { state: 'good', finding: 'Connected.' }
      : { state: 'bad', finding: 'Not connected; it reconnects by itself. The log says why.' }),
  };
}

async function providerLines({ services, providers, refusals }: AdminHostOptions): Promise<HealthLine[]> {
  const outcomes = await lastHour(services);
  const refused = new Map((await refusals).map(({ id, variable }) => [id, variable]));
  return [...providers.clients.keys()].map((id): HealthLine => {
    const line = { area: 'Provider', name: providers.nameOf(id) } as const;
    const variable = refused.get(id);
    if (variable !== undefined) {
      return { ...line, state: 'bad', finding: `It rejected the key in ${variable} at the start.` };
    }
    const sum = outcomes.get(id);
    if (sum !== undefined && sum.failed > 0) {
      const state = sum.failed * FAILS_MUCH > sum.answers ? 'bad' : 'warn';
      return { ...line, state, finding: `In the last hour answers failed: ${failuresInWords(sum)}.` };
    }
    return providers.usable.has(id)
      ? { ...line, state: 'good', finding: 'Available.' }
      : { ...line, state: 'warn', finding: 'No key is set, so only guilds with their own key can use it.' };
  });
}

/** Outcomes of the last hour by provider; empty if the store does not answer. */
async function lastHour({ outcomes, clock }: Services): Promise<ReadonlyMap<string, OutcomeSum>> {
  try {
    const found = await Array.fromAsync(outcomes.query({ fromMs: clock.now() - HOUR_MS }));
    const parts = Map.groupBy(found, ({ provider }) => provider);
    return new Map(Array.from(parts, ([provider, some]) => [provider, outcomeOf(some)]));
  } catch (error) {
    if (error instanceof StoreError) return new Map();
    throw error;
  }
}

async function storeLine(store: Store): Promise<HealthLine> {
  const line = { area: 'Store', name: '' } as const;
  const sinceMs = performance.now();
  try {
    await store.ping();
    const ms = Math.round(performance.now() - sinceMs);
    return { ...line, state: ms > SLOW_MS ? 'warn' : 'good', finding: `It answers within ${ms} ms.` };
  } catch {
    return { ...line, state: 'bad', finding: 'It does not answer. The log says why.' };
  }
}

function backlogLine({ used, waiting }: Slots): HealthLine {
  const streaming = counted(used, 'answer', 'answers');
  const queued = counted(waiting, 'question', 'questions');
  return {
    area: 'Backlog',
    name: '',
    state: waiting > 0 ? 'warn' : 'good',
    finding: `${streaming} streaming, ${queued} waiting for a slot.`,
  };
}
