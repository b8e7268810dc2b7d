import { describe, expect, it } from 'vitest';
import { allowanceFor, effortRemark, effortsFor } from '../../../src/core/access/allowance.ts';
import { EFFORTS, type Effort, NO_BOUNDS, type TierBounds } from '../../../src/core/ports/effort.ts';
import { type Model, NO_TRAITS, type Route } from '../../../src/core/ports/model.ts';
import { NO_PRICES } from '../../../src/core/ports/provider.ts';

const ALL: readonly Effort[] = EFFORTS;

/** A model with one route, as it was granted. */
function granted({
  bounds = {},
  answerTokens = null,
  ...of
}: Partial<Route> & {
  bounds?: Partial<TierBounds>;
  answerTokens?: number | null;
}) {
  const offer: Route = {
    contextTokens: 200_000,
    maxOutputTokens: null,
    prices: NO_PRICES,
    input: ['text'],
    output: ['text'],
    endsOn: null,
    thinks: false,
    efforts: ALL,
    defaultEffort: null,
    gone: false,
    provider: 'openrouter',
    wireModel: 'maker/model',
    ...of,
  };
  const traits = { ...NO_TRAITS, answerTokens };
  const model: Model = {
    ...offer,
    id: 'maker/model',
    name: 'Model',
    tier: 'free',
    routes: [offer],
    onlyOn: null,
    traits,
  };
  return { model, route: offer, bounds: { ...NO_BOUNDS, ...bounds }, tier: 'premium' as const };
}

describe('the longest answer', () => {
  it.each([
    ['is 8,192 tokens if nothing is known', {}, null, 8_192],
    ['is what models.json says', { answerTokens: 3_000 }, null, 3_000],
    ['has no more than half of the context', { contextTokens: 10_001 }, null, 5_000],
    ['has no more than the model can write', { maxOutputTokens: 4_096 }, null, 4_096],
    ['has no more than the tier allows', { bounds: { maxAnswerTokens: 2_500 } }, null, 2_500],
    ['is the usual one at medium', {}, 'medium', 8_192],
    ['has twice the room at high', {}, 'high', 16_384],
    ['has eight times the room at xhigh and above', { contextTokens: 1_000_000 }, 'max', 65_536],
    ['has room to think in no more than a quarter of the context', {}, 'max', 50_000],
    ['is no shorter for it', { contextTokens: 20_000 }, 'max', 8_192],
    ['has no more room to think than the model can write', { maxOutputTokens: 10_000 }, 'max', 10_000],
    ['has no more room to think than the tier allows', { bounds: { maxAnswerTokens: 9_000 } }, 'high', 9_000],
  ] as const)('%s', (_, of, wish, tokens) => {
    expect(allowanceFor(granted(of), wish).maxOutputTokens).toBe(tokens);
  });
});

describe('the effort', () => {
  const some = { efforts: ['low', 'high'] as const };
  const low = { maxEffort: 'low' } as const;

  it.each<[string, Parameters<typeof granted>[0], Effort | null, Effort | null]>([
    ['is left to the model if nobody asks for one', {}, null, null],
    ['is the one that is asked for', {}, 'xhigh', 'xhigh'],
    ['is the nearest below if the model has not that one', some, 'medium', 'low'],
    ['is the lowest if there is none below', some, 'minimal', 'low'],
    ['is none of a model that takes none', { efforts: [] }, 'high', null],
    ['is what the tier allows at most', { bounds: low }, 'max', 'low'],
    ['is what is asked for below that', { bounds: low }, 'minimal', 'minimal'],
    [
      'is the lowest of a model that has none below the bound',
      { bounds: low, efforts: ['medium', 'high'] },
      'high',
      'medium',
    ],
    ['is bounded for a model that thinks unasked', { bounds: low, thinks: true }, null, 'low'],
    [
      'is left to one that thinks unasked as little',
      { bounds: low, thinks: true, defaultEffort: 'low' },
      null,
      null,
    ],
    [
      'is bounded for one that thinks unasked a lot',
      { bounds: low, thinks: true, defaultEffort: 'max' },
      null,
      'low',
    ],
    ['is left to a model that does not think unasked', { bounds: low, defaultEffort: 'max' }, null, null],
    ['is left to the model in an answer too short for it', { answerTokens: 2_047 }, 'low', null],
    ['is asked for in one just long enough', { answerTokens: 2_048 }, 'low', 'low'],
    [
      'is asked of a model that thinks anyway, however short',
      { answerTokens: 100, thinks: true },
      'low',
      'low',
    ],
    ['is none, however short, if that is asked for', { answerTokens: 100 }, 'none', 'none'],
  ])('%s', (_, of, wish, effort) => {
    expect(allowanceFor(granted(of), wish).effort).toBe(effort);
  });

  it('may be any that the tier allows, or the lowest that there is', () => {
    expect(effortsFor(granted({}))).toEqual(ALL);
    expect(effortsFor(granted({ bounds: low }))).toEqual(['none', 'minimal', 'low']);
    expect(effortsFor(granted({ bounds: low, efforts: ['medium', 'high'] }))).toEqual(['medium']);
    expect(effortsFor(granted({ efforts: [] }))).toEqual([]);
  });

  it.each<[Parameters<typeof granted>[0], Effort, string | null]>([
    [{}, 'high', null],
    [{ efforts: [] }, 'high', 'Model does not support `effort`, so it uses its default.'],
    [
      { answerTokens: 100 },
      'high',
      'Answers are too short here for Model to think with `effort:high`, so it uses its default.',
    ],
    [{ bounds: low }, 'high', 'The tier `premium` allows Model at most `effort:low`, so I asked for that.'],
    [some, 'medium', 'Model takes no `effort:medium`, so I asked for `effort:low`.'],
    [
      { ...some, bounds: { maxEffort: 'max' } },
      'max',
      'Model takes no `effort:max`, so I asked for `effort:high`.',
    ],
  ])('is remarked on if it is another: %j, %s', (of, wish, words) => {
    expect(effortRemark(granted(of), wish)).toBe(words);
  });
});
