import { describe, expect, it } from 'vitest';
import { weighPrices } from '../../../src/core/catalogue/believed-prices.ts';
import { type ModelPrices, NO_PRICES } from '../../../src/core/ports/provider.ts';

const prices = (promptPicoUsd: number | null, more: Partial<ModelPrices> = {}) => ({
  ...NO_PRICES,
  promptPicoUsd,
  ...more,
});
const weigh = (held: number | null, said: number | null, isBiller = false) => {
  const { prices: believed, doubtedPrices, doubts } = weighPrices(prices(held), prices(said), isBiller);
  return [believed.promptPicoUsd, doubtedPrices?.promptPicoUsd ?? null, doubts.length];
};

describe('a price that a provider names', () => {
  it('counts where it is near that of the file, or where the file has none', () => {
    expect(weigh(1_000_000, 2_000_000)).toEqual([2_000_000, null, 0]);
    expect(weigh(1_000_000, 20_000_000)).toEqual([20_000_000, null, 0]);
    expect(weigh(null, 3_000_000)).toEqual([3_000_000, null, 0]);
    expect(weigh(1_000_000, null)).toEqual([1_000_000, null, 0]);
    expect(weigh(0, 0)).toEqual([0, null, 0]);
  });

  it('is not believed where it is further than 20 times away, and is reserved for where it is higher', () => {
    expect(weigh(1_000_000, 20_000_001, true)).toEqual([1_000_000, 20_000_001, 1]);
    expect(weigh(20_000_001, 1_000_000, true)).toEqual([20_000_001, 1_000_000, 1]);
  });

  it('goes from 0 or to 0 at OpenRouter alone', () => {
    expect(weigh(1_000_000, 0, true)).toEqual([0, null, 0]);
    expect(weigh(0, 1_000_000, true)).toEqual([1_000_000, null, 0]);
    expect(weigh(1_000_000, 0)).toEqual([1_000_000, 0, 1]);
    expect(weigh(0, 1_000_000)).toEqual([0, 1_000_000, 1]);
  });

  it('is no price at all above $1,000 per million, which is another unit', () => {
    expect(weigh(null, 1_000_000_000)).toEqual([1_000_000_000, null, 0]);
    expect(weigh(null, 1_000_000_001)).toEqual([null, null, 1]);
    expect(weigh(null, 3_266_400_000_000, true)).toEqual([null, null, 1]);
    expect(weigh(1_000_000, 3_266_400_000_000, true)).toEqual([1_000_000, null, 1]);
  });

  it('is weighed by itself, kind by kind', () => {
    const held = prices(1_000_000, { completionPicoUsd: 2_000_000 });
    const said = prices(1_500_000, { completionPicoUsd: 90_000_000, imagePicoUsd: 5e9 });
    const { prices: believed, doubts } = weighPrices(held, said, false);
    expect(believed).toEqual(prices(1_500_000, { completionPicoUsd: 2_000_000, imagePicoUsd: 5e9 }));
    expect(doubts).toEqual([{ kind: 'completionPicoUsd', said: 90_000_000, held: 2_000_000 }]);
  });
});
