import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCatalogue } from '../../../src/core/catalogue/catalogue.ts';
import { dearestPrices } from '../../../src/core/catalogue/dearest-prices.ts';
import {
  costNanoUsd,
  maxPrice,
  namesPrice,
  type RequestBounds,
  worstCostNanoUsd,
} from '../../../src/core/ledger/pricing.ts';
import { worstCaseOf } from '../../../src/core/ledger/worst-case.ts';
import type { Offer } from '../../../src/core/ports/model.ts';
import { FREE_OF_CHARGE, type ModelPrices, NO_PRICES, type Usage } from '../../../src/core/ports/provider.ts';
import { withMaxPrice } from '../../../src/core/ports/routing.ts';
import { MODELS_FILE } from '../../support/models.ts';

function offer(prices: Partial<ModelPrices> = {}): Offer {
  return {
    contextTokens: 8_192,
    maxOutputTokens: null,
    prices: { ...NO_PRICES, ...prices },
    input: ['text'],
    output: ['text'],
    endsOn: null,
    thinks: false,
    efforts: [],
    defaultEffort: null,
    gone: false,
  };
}

function bounds(overrides: Partial<RequestBounds> = {}): RequestBounds {
  return { promptTokens: 0, outputTokens: 0, webSearches: 0, images: 0, ...overrides };
}

function usage(overrides: Partial<Usage> = {}): Usage {
  return {
    promptTokens: 0,
    completionTokens: 0,
    reasoningTokens: 0,
    cachedPromptTokens: 0,
    cacheWriteTokens: 0,
    webSearches: 0,
    costNanoUsd: null,
    isByok: false,
    ...overrides,
  };
}

const dearest = {
  promptPicoUsd: 6_000_000,
  completionPicoUsd: 30_000_000,
  requestPicoUsd: 0,
  imagePicoUsd: 0,
  webSearchPicoUsd: 0,
};

describe('the worst price of a request', () => {
  it('is the prompt and the whole output cap at the model’s prices', () => {
    const { routes } = createCatalogue(MODELS_FILE).get('openai/gpt-4o', 'web') ?? { routes: [] };
    expect(
      routes.map((route) =>
        worstCostNanoUsd(route, bounds({ promptTokens: 1_000, outputTokens: 500 }), dearest),
      ),
    ).toEqual([7_500_000, 7_500_000]);
  });

  it('is rounded up once, to whole nano-dollars', () => {
    const cheap = offer({ promptPicoUsd: 1, completionPicoUsd: 1 });
    expect(worstCostNanoUsd(cheap, bounds({ promptTokens: 1, outputTokens: 1 }), dearest)).toBe(1);
    expect(worstCostNanoUsd(cheap, bounds({ promptTokens: 500, outputTokens: 501 }), dearest)).toBe(2);
  });

  it('counts a model without a price at the dearest in the catalogue', () => {
    expect(worstCostNanoUsd(offer(), bounds({ promptTokens: 1_000, outputTokens: 1_000 }), dearest)).toBe(
      36_000_000,
    );
    const half = offer({ promptPicoUsd: 0 });
    expect(worstCostNanoUsd(half, bounds({ promptTokens: 1_000, outputTokens: 1_000 }), dearest)).toBe(
      30_000_000,
    );
  });

  it('has the higher of a believed and a doubted price, of each kind by itself', () => {
    const believed = offer({ promptPicoUsd: 1_000, completionPicoUsd: 2_000, requestPicoUsd: 0 });
    const doubtedPrices = {
      ...NO_PRICES,
      promptPicoUsd: 3_000,
      completionPicoUsd: 500,
      requestPicoUsd: 7_000,
    };
    expect(
      worstCostNanoUsd(
        { ...believed, doubtedPrices },
        bounds({ promptTokens: 1_000, outputTokens: 1_000 }),
        dearest,
      ),
    ).toBe(3_000 + 2_000 + 7);
  });

  it('is nothing where the provider declares every price 0', () => {
    expect(
      worstCostNanoUsd(
        offer(FREE_OF_CHARGE),
        bounds({ promptTokens: 1e6, outputTokens: 1e6, images: 3 }),
        dearest,
      ),
    ).toBe(0);
  });

  it('holds the fees for the request and for images', () => {
    const prices = { promptPicoUsd: 0, completionPicoUsd: 0, requestPicoUsd: 5e9, imagePicoUsd: 3e9 };
    expect(worstCostNanoUsd(offer(prices), bounds({ images: 2 }), dearest)).toBe(11_000_000);
  });

  it('holds web searches, on free models too, with the calls and results that they bring', () => {
    const free = offer({ promptPicoUsd: 0, completionPicoUsd: 0, webSearchPicoUsd: 0 });
    expect(worstCostNanoUsd(free, bounds({ webSearches: 3 }), dearest)).toBe(45_000_000);
    const dear = offer({ promptPicoUsd: 0, completionPicoUsd: 0, webSearchPicoUsd: 35e9 });
    expect(worstCostNanoUsd(dear, bounds({ webSearches: 2 }), dearest)).toBe(70_000_000);
    // Three calls with the prompt, and the results of one and of two searches: 3,000 and 30,000 tokens.
    const paid = offer({ promptPicoUsd: 1_000, completionPicoUsd: 0, webSearchPicoUsd: 0 });
    expect(worstCostNanoUsd(paid, bounds({ promptTokens: 1_000, webSearches: 2 }), dearest)).toBe(
      33_000 + 30_000_000,
    );
  });

  it('covers what the request turns out to cost by its tokens', () => {
    const pico = fc.option(fc.nat(100_000_000), { nil: null });
    const prices = fc.record({
      promptPicoUsd: pico,
      cachedPromptPicoUsd: pico,
      cacheWritePicoUsd: pico,
      completionPicoUsd: pico,
      reasoningPicoUsd: pico,
      imageOutputPicoUsd: pico,
      requestPicoUsd: pico,
      imagePicoUsd: pico,
      webSearchPicoUsd: pico,
    });
    const bound = fc.record({
      promptTokens: fc.nat(1_000_000),
      outputTokens: fc.nat(100_000),
      webSearches: fc.nat(5),
      images: fc.constant(0),
      cachesPrompt: fc.constant(true),
    });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(prices, prices, bound, share, share, (own, other, most, share, part) => {
        const offers = [offer(own), offer(other)];
        const catalogueDearest = dearestPrices(offers);
        const promptTokens = Math.floor(most.promptTokens * share);
        const completionTokens = Math.floor(most.outputTokens * share);
        const cachedPromptTokens = Math.floor(promptTokens * part);
        const used = usage({
          promptTokens,
          cachedPromptTokens,
          cacheWriteTokens: Math.floor((promptTokens - cachedPromptTokens) * part),
          completionTokens,
          reasoningTokens: Math.floor(completionTokens * part),
          webSearches: Math.floor(most.webSearches * share),
        });
        const worst = worstCostNanoUsd(offer(own), most, catalogueDearest);
        expect(Number.isSafeInteger(worst)).toBe(true);
        expect(costNanoUsd(offer(own), used, catalogueDearest)).toBeLessThanOrEqual(worst);
      }),
    );
  });
});

describe('the cost of a request', () => {
  const model = offer({ promptPicoUsd: 150_000, completionPicoUsd: 600_000 });

  it('is what the provider says, to the nano-dollar', () => {
    expect(costNanoUsd(model, usage({ promptTokens: 1_000, costNanoUsd: 17 }), dearest)).toBe(17);
  });

  it('is its tokens where the provider says 0, unless its own key pays upstream or the model is free', () => {
    const used = { promptTokens: 1_000, completionTokens: 500 };
    expect(costNanoUsd(model, usage({ ...used, costNanoUsd: 0 }), dearest)).toBe(450_000);
    expect(costNanoUsd(model, usage({ ...used, costNanoUsd: 0, isByok: true }), dearest)).toBe(0);
    expect(costNanoUsd(offer(FREE_OF_CHARGE), usage({ ...used, costNanoUsd: 0 }), dearest)).toBe(0);
  });

  it('counts cached tokens at their own price, and at the full one where there is none', () => {
    const used = usage({ promptTokens: 100_000, cachedPromptTokens: 99_000 });
    const plain = { promptPicoUsd: 1_000_000, completionPicoUsd: 10_000_000 };
    expect(costNanoUsd(offer({ ...plain, cachedPromptPicoUsd: 100_000 }), used, dearest)).toBe(10_900_000);
    expect(costNanoUsd(offer(plain), used, dearest)).toBe(100_000_000);
  });

  it('counts what is written into the cache at its own price, and at a quarter more where there is none', () => {
    const used = usage({ promptTokens: 1_000, cachedPromptTokens: 200, cacheWriteTokens: 400 });
    const plain = { promptPicoUsd: 1_000_000, cachedPromptPicoUsd: 0, completionPicoUsd: 0 };
    expect(costNanoUsd(offer({ ...plain, cacheWritePicoUsd: 2_000_000 }), used, dearest)).toBe(1_200_000);
    expect(costNanoUsd(offer(plain), used, dearest)).toBe(900_000);
  });

  it('counts reasoning at its own price, and each call of a search at the price of a request', () => {
    const used = usage({ completionTokens: 1_000, reasoningTokens: 900, webSearches: 2 });
    const prices = { promptPicoUsd: 0, completionPicoUsd: 8_000_000, reasoningPicoUsd: 3_000_000 };
    expect(costNanoUsd(offer(prices), { ...used, webSearches: 0 }, dearest)).toBe(800_000 + 2_700_000);
    expect(costNanoUsd(offer({ ...prices, requestPicoUsd: 5e9 }), used, dearest)).toBe(
      3_500_000 + 3 * 5_000_000 + 2 * 15_000_000,
    );
  });

  it('is its tokens times their prices where the provider names none', () => {
    expect(costNanoUsd(model, usage({ promptTokens: 1_000, completionTokens: 500 }), dearest)).toBe(450_000);
    expect(costNanoUsd(model, usage({ promptTokens: 1 }), dearest)).toBe(150);
  });
});

it.each([
  [null, false, false],
  [null, true, false],
  [0, false, false],
  [0, true, true],
  [1, false, true],
  [1, true, true],
])('a cost of %s from a provider whose key pays upstream (%#: %s) counts: %s', (cost, isByok, counts) => {
  expect(namesPrice(usage({ costNanoUsd: cost, isByok }))).toBe(counts);
});

it('what comes with a question costs what it adds to the prompt: its bytes, and its pictures as the model counts them', () => {
  const priced = {
    ...offer({ promptPicoUsd: 1_000, completionPicoUsd: 9_000 }),
    wireModel: 'openai/gpt-4o-mini',
  };
  const of = (brought: { bytes: number; images: number }) =>
    worstCaseOf({ messages: [], maxOutputTokens: 1_000, brought }, priced, 0, dearest);
  expect(of({ bytes: 5_000, images: 0 }).broughtNanoUsd).toBe(5_000);
  expect(of({ bytes: 5_000, images: 2 }).broughtNanoUsd).toBe(5_000 + 2 * 36_835);
  // The answer is none of it.
  expect(of({ bytes: 0, images: 0 })).toEqual({ nanoUsd: 9_000, broughtNanoUsd: 0, cachedMessages: 0 });
});

describe('the dearest prices', () => {
  it('are the highest of each kind, wherever they stand', () => {
    const offers = [
      offer({ promptPicoUsd: 5, completionPicoUsd: 1 }),
      offer({ promptPicoUsd: 2, completionPicoUsd: 9 }),
      offer(),
    ];
    expect(dearestPrices(offers)).toEqual({
      promptPicoUsd: 5,
      completionPicoUsd: 9,
      requestPicoUsd: 0,
      imagePicoUsd: 0,
      webSearchPicoUsd: 0,
    });
  });

  it('are not nothing where all models that have a price are free', () => {
    expect(dearestPrices([offer(), offer(FREE_OF_CHARGE)]).promptPicoUsd).toBe(15_000_000);
    expect(dearestPrices([offer()])).toMatchObject({
      promptPicoUsd: 15_000_000,
      completionPicoUsd: 75_000_000,
    });
    expect(worstCostNanoUsd(offer(), bounds({ promptTokens: 1 }), dearestPrices([offer()]))).toBe(15_000);
  });
});

describe('the price that a provider is held to', () => {
  it('is the one that was reserved, in the units of the wire', () => {
    const model = createCatalogue(MODELS_FILE).get(
      'mistralai/mistral-small-3.2-24b-instruct',
      'web',
    ) as Offer;
    expect(withMaxPrice(undefined, maxPrice(model, dearest))).toEqual({
      max_price: { prompt: '0.075', completion: '0.2', request: '0' },
    });
    expect(withMaxPrice(undefined, maxPrice(offer(), dearest))).toEqual({
      max_price: { prompt: '6', completion: '30', request: '0' },
    });
  });
});

it('no request counts for more than a million dollars, whatever its prices are', () => {
  const dear = offer({ promptPicoUsd: 1e12, completionPicoUsd: 1e12, requestPicoUsd: 0 });
  const tokens = { promptTokens: 1e9, outputTokens: 1e9 };
  expect(worstCostNanoUsd(dear, bounds(tokens), dearestPrices([]))).toBe(1e15);
});

it('a model without prices costs the highest of each, and one with prices of tokens no fees that it does not name', () => {
  const dearest = { ...dearestPrices([]), requestPicoUsd: 5_000_000, imagePicoUsd: 3_000_000 };
  const fees = (model: Offer) => {
    const { requestPicoUsd } = maxPrice(model, dearest);
    const of = (images: number) => worstCostNanoUsd(model, bounds({ images }), dearest);
    return [requestPicoUsd, of(0), of(2) - of(0)];
  };
  expect(fees(offer())).toEqual([5_000_000, 5_000, 6_000]);
  expect(fees(offer({ promptPicoUsd: 0, completionPicoUsd: 0 }))).toEqual([0, 0, 0]);
});
