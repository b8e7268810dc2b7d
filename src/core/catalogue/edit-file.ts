import { applyEdits, modify } from 'jsonc-parser';
import { type ModelFacts, type ModelPrices, PRICED, type PriceKind } from '../ports/provider.ts';
import type { Tier } from '../ports/tiers.ts';
import { PRICE_SETTINGS, parseCatalogueFile } from './file.ts';

const FORMAT = { formattingOptions: { insertSpaces: true, tabSize: 2 } };

export interface NewModel {
  readonly id: string;
  readonly name: string;
  readonly tier: Tier;
  readonly provider: string;
  readonly facts: ModelFacts;
}

/**
 * Adds a model at the end of the text of a models file and leaves the rest as it is.
 *
 * @throws CatalogueFileError if the result would be invalid
 */
export function withModel(text: string, { id, name, tier, provider, facts }: NewModel): string {
  const { contextTokens, maxOutputTokens, inputModalities, prices } = facts;
  const input = (inputModalities ?? ['text']).filter((each) => each === 'text' || each === 'image');
  const entry = {
    id,
    name,
    tier,
    routes: [{ provider, ...(facts.id === id ? {} : { model: facts.id }) }],
    ...(contextTokens === null ? {} : { contextTokens }),
    ...(maxOutputTokens === null ? {} : { maxOutputTokens }),
    prices: pricesOf(prices),
    input: input.length === 0 ? ['text'] : input,
  };
  return checked(
    applyEdits(text, modify(text, ['models', -1], entry, { ...FORMAT, isArrayInsertion: true })),
  );
}

/**
 * Removes the model of this id from the text; null if there is none.
 * @throws CatalogueFileError if the result would be invalid
 */
export function withoutModel(text: string, id: string): string | null {
  const index = parseCatalogueFile(text).models.findIndex((model) => model.id === id);
  if (index < 0) return null;
  return checked(applyEdits(text, modify(text, ['models', index], undefined, FORMAT)));
}

/** The known prices in dollars, as in the file. A piece that costs nothing is left out. */
function pricesOf(prices: ModelPrices): Record<string, number> {
  const known = (Object.entries(prices) as [PriceKind, number | null][]).flatMap(([kind, price]) => {
    const isToken = PRICED[kind] === 'token';
    if (price === null || (price === 0 && !isToken)) return [];
    return [[PRICE_SETTINGS[kind], price / (isToken ? 1e6 : 1e12)] as const];
  });
  return Object.fromEntries(known);
}

function checked(text: string): string {
  parseCatalogueFile(text);
  return text;
}
