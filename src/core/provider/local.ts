import type { Logger } from 'pino';
import { asArray, asObject, asText } from '../kit/json.ts';
import type { Clock } from '../kit/time/clock.ts';
import { Deadline } from '../kit/time/deadline.ts';
import type { Fetch } from '../ports/fetch.ts';
import { FREE_OF_CHARGE, type ModelFacts } from '../ports/provider.ts';
import { ProviderError } from '../ports/provider-errors.ts';
import { defineProvider, type ProviderDefinition, type ProviderFeatures } from './definition.ts';
import { Exchange } from './exchange.ts';
import { readModels } from './models.ts';

/** A model server on this machine, with its chat models. */
export interface LocalServer {
  readonly definition: ProviderDefinition;
  /** Never empty. Every price is 0. */
  readonly models: readonly ModelFacts[];
}

interface LocalPlace {
  readonly id: string;
  readonly name: string;
  readonly port: number;
  readonly features?: Partial<ProviderFeatures>;
}

export interface LocalSearchOptions {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly log: Logger;
  /** Addresses to try. Default: the default ports of Ollama and llama.cpp. */
  readonly places?: readonly LocalPlace[];
}

const usualPlaces: readonly LocalPlace[] = [
  { id: 'ollama', name: 'Ollama', port: 11_434, features: { effortField: 'reasoning_effort' } },
  { id: 'llamacpp', name: 'llama.cpp', port: 8_080 },
];

/** Whether a model id could belong to a server on this machine, running or not. */
export function isOfLocalServer(modelId: string): boolean {
  return usualPlaces.some(({ id }) => modelId.startsWith(`${id}/`));
}

/** The start waits for this. A server on loopback answers within a few milliseconds. */
const SEARCH_TIMEOUT_MS = 300;

/** Finds model servers on this machine's loopback within 300 ms, or until the signal aborts. Finding none is not an error. */
export async function findLocalServers(
  options: LocalSearchOptions,
  signal: AbortSignal,
): Promise<LocalServer[]> {
  const found = await Promise.all(
    (options.places ?? usualPlaces).map((place) => probe(place, options, signal)),
  );
  return found.filter((server) => server !== null);
}

async function probe(
  { id, name, port, features = {} }: LocalPlace,
  { fetch, clock, log }: LocalSearchOptions,
  signal: AbortSignal,
): Promise<LocalServer | null> {
  const definition = defineProvider({
    id,
    name,
    baseUrl: `http://127.0.0.1:${port}/v1`,
    keyless: true,
    free: true,
    features,
  });
  const exchange = new Exchange({ definition, apiKey: null, fetch, clock }, undefined);
  const limit = new Deadline(clock, SEARCH_TIMEOUT_MS, signal, () => exchange.fail({ code: 'timeout' }));
  try {
    const message = { path: '/models', accept: 'application/json' } as const;
    const response = await exchange.send(message, limit.signal);
    const body = await exchange.readJson(response, limit.signal);
    if (!isModelList(body)) return null;
    const models = (readModels(body, false, log) ?? [])
      // Both servers also list embedding models, which cannot chat; only their names tell them apart.
      .filter((model) => !/embed/i.test(model.id))
      .map((model) => ({ ...model, prices: FREE_OF_CHARGE }));
    return models.length > 0 ? { definition, models } : null;
  } catch (error) {
    if (error instanceof ProviderError || signal.aborted) return null;
    throw error;
  } finally {
    limit.stop();
  }
}

/** Other programs use these ports too, so the response must match OpenAI's shape exactly. */
function isModelList(body: unknown): boolean {
  const list = asObject(body);
  const entries = asArray(list?.['data']).map(asObject);
  return (
    list?.['object'] === 'list' &&
    entries.every((entry) => entry?.['object'] === 'model' && asText(entry['id']) !== null)
  );
}
