import { describe, expect, it } from 'vitest';
import { guildAccess, join, opens, TIERS } from '../../../src/core/ports/tiers.ts';

describe('opens', () => {
  const opened = {
    free: ['free'],
    openai: ['free', 'openai'],
    openrouter: ['free', 'openrouter'],
    premium: ['free', 'openai', 'openrouter', 'premium'],
  } as const;

  for (const guildTier of TIERS) {
    for (const modelTier of TIERS) {
      const yes = (opened[guildTier] as readonly string[]).includes(modelTier);
      it(`${yes ? 'opens' : 'keeps'} ${modelTier} models ${yes ? 'to' : 'from'} a guild of tier ${guildTier}`, () => {
        expect(opens(guildTier, modelTier)).toBe(yes);
      });
    }
  }

  it.each(['', 'gold', 'Premium', 'premium ', '__proto__', 'constructor', '3', 'length'])(
    'opens only free models to a guild of the unknown tier %j',
    (tier) => {
      expect(TIERS.filter((modelTier) => opens(tier, modelTier))).toEqual(['free']);
    },
  );

  it('opens a model of an unknown tier to nobody', () => {
    expect(TIERS.filter((tier) => opens(tier, 'gold' as never))).toEqual([]);
  });
});

describe('join', () => {
  it.each([
    [[], 'free'],
    [['openai'], 'openai'],
    [['free', 'openrouter'], 'openrouter'],
    [['openai', 'openrouter'], 'premium'],
    [['premium', 'free'], 'premium'],
    [['gold', 'openai'], 'openai'],
  ])('makes of %j %s', (tiers, joined) => {
    expect(join(tiers)).toBe(joined);
  });

  it('opens exactly what one of the tiers opens, save that openai and openrouter together open premium', () => {
    for (const a of TIERS) {
      for (const b of TIERS) {
        for (const model of TIERS.filter((tier) => tier !== 'premium')) {
          expect(opens(join([a, b]), model)).toBe(opens(a, model) || opens(b, model));
        }
      }
    }
  });
});

describe('guildAccess', () => {
  const nothing = { fromOperator: ['free'], ownKeys: [], failedKeys: [] };

  it('gives a guild that holds nothing the default tier', () => {
    expect(guildAccess({ ...nothing, fromOperator: ['openai'] })).toEqual({
      tier: 'openai',
      operatorTier: 'openai',
      ownKeys: [],
      failedKeys: [],
    });
  });

  it('takes an unknown default tier for free', () => {
    expect(guildAccess({ ...nothing, fromOperator: ['gold'] }).tier).toBe('free');
  });

  it('joins default, grants and purchases into what the operator pays for', () => {
    expect(guildAccess({ ...nothing, fromOperator: ['free', 'openai', 'openrouter'] }).operatorTier).toBe(
      'premium',
    );
  });

  it.each([
    [['openrouter'], 'openrouter'],
    [['openai'], 'openai'],
    [['openai', 'openrouter'], 'premium'],
    [['ollama'], 'free'],
    [['__proto__'], 'free'],
  ])('raises the tier by own keys for %j to %s, and not what the operator pays for', (ownKeys, tier) => {
    expect(guildAccess({ ...nothing, ownKeys })).toMatchObject({ tier, operatorTier: 'free', ownKeys });
  });

  it('makes premium of a granted openai and an own OpenRouter key', () => {
    const holdings = { ...nothing, fromOperator: ['openai'], ownKeys: ['openrouter'] };
    expect(guildAccess(holdings)).toMatchObject({ tier: 'premium', operatorTier: 'openai' });
  });
});
