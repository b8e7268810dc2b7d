import { readFileSync } from 'node:fs';
import { parseCatalogueFile } from '../../src/core/catalogue/file.ts';
import { type ModelFacts, NO_PRICES } from '../../src/core/ports/provider.ts';

/** `models.json` as it is delivered. */
export const MODELS_FILE = parseCatalogueFile(readFileSync('models.json', 'utf8'));

/** A model that takes an effort and one that takes none; the free tier allows no more than `medium`. */
export const THINKING_FILE = parseCatalogueFile(
  JSON.stringify({
    models: ['openai/gpt-5', 'maker/plain'].map((id) => ({
      id,
      name: id === 'openai/gpt-5' ? 'GPT-5' : 'Plain',
      tier: 'free',
      contextTokens: 400_000,
      prices: { promptPerMillion: 1, completionPerMillion: 10 },
    })),
    tiers: { free: { maxEffort: 'medium' } },
  }),
);

/** A provider's entry for a model about which it says only that it exists. */
export function factsOf(id: string, facts: Partial<ModelFacts> = {}): ModelFacts {
  return {
    id,
    name: id,
    contextTokens: null,
    maxOutputTokens: null,
    prices: NO_PRICES,
    inputModalities: null,
    outputModalities: null,
    thinks: null,
    efforts: null,
    defaultEffort: null,
    expiresAt: null,
    ...facts,
  };
}

/** A provider's whole list: all that the file routes there, less those left out. */
export function listOf(provider: string, except: readonly string[] = []): ModelFacts[] {
  return MODELS_FILE.models
    .flatMap(({ routes }) => routes)
    .filter((route) => route.provider === provider && !except.includes(route.wireModel))
    .map(({ wireModel }) => factsOf(wireModel));
}
