import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AccessDecision,
  type AccessGranted,
  type AccessRefused,
  checkAccess,
  explainRefusal,
  type GuildInQuestion,
} from '../../../src/core/access/access.ts';
import { createCatalogue } from '../../../src/core/catalogue/catalogue.ts';
import { guildAccess, TIERS } from '../../../src/core/ports/tiers.ts';
import { defineProvider } from '../../../src/core/provider/definition.ts';
import { codePoint } from '../../support/code-point.ts';
import { factsOf, listOf, MODELS_FILE } from '../../support/models.ts';

const LLAMA = 'meta-llama/llama-3.2-3b-instruct:free';
const GEMINI = 'google/gemini-2.0-flash-001:free';
const MINI = 'openai/gpt-4o-mini';
const CLAUDE = 'anthropic/claude-3.5-sonnet';
const MISTRAL = 'mistralai/mistral-small-3.2-24b-instruct';
const GPT_4O = 'openai/gpt-4o';
const DEEPSEEK = 'deepseek/deepseek-chat';

const FREE = [LLAMA, GEMINI];
const OPENROUTER = [MINI, CLAUDE, MISTRAL];
const ALL = MODELS_FILE.models.map(({ id }) => id);

const BOTH_KEYS = new Set(['openrouter', 'openai']);

interface Holdings {
  readonly defaultTier?: string;
  readonly ownKeys?: readonly string[];
  readonly failedKeys?: readonly string[];
}

function guildOf(
  { defaultTier = 'free', ownKeys = [], failedKeys = [] }: Holdings = {},
  id: GuildInQuestion['id'] = 'discord:1',
): GuildInQuestion {
  return { id, ...guildAccess({ fromOperator: [defaultTier], ownKeys, failedKeys }) };
}

function termsWith(
  operatorProviders: ReadonlySet<string> = BOTH_KEYS,
  keyProviders: readonly string[] = ['openrouter', 'openai'],
) {
  return { catalogue: createCatalogue(MODELS_FILE), operatorProviders, keyProviders };
}

function granted(decision: AccessDecision): AccessGranted {
  if (!decision.ok) throw new Error(`refused: ${decision.reason}`);
  return decision;
}

function refused(decision: AccessDecision): AccessRefused {
  if (decision.ok) throw new Error(`granted on ${decision.route.provider}`);
  return decision;
}

/** The payer and the provider, or the reason why not: `operator openrouter`, `locked`. */
function outcome(decision: AccessDecision): string {
  return decision.ok ? `${decision.payer} ${decision.route.provider}` : decision.reason;
}

describe('the access check, by tier and model', () => {
  const usable: Readonly<Record<string, readonly string[]>> = {
    free: FREE,
    openrouter: [...FREE, ...OPENROUTER],
    openai: [...FREE, GPT_4O],
    premium: ALL,
    gold: FREE,
    '': FREE,
    __proto__: FREE,
  };

  for (const defaultTier of [...TIERS, 'gold', '', '__proto__']) {
    const guild = guildOf({ defaultTier });
    for (const id of ALL) {
      const open = (usable[defaultTier] ?? FREE).includes(id);
      it(`${open ? 'opens' : 'keeps'} ${id} ${open ? 'to' : 'from'} a guild of tier ${JSON.stringify(defaultTier)}`, () => {
        const decision = checkAccess(id, guild, termsWith());
        if (open) expect(decision).toMatchObject({ ok: true, model: { id }, payer: 'operator' });
        else expect(decision).toMatchObject({ ok: false, reason: 'locked', model: { id } });
      });
    }
  }
});

describe('route and payer', () => {
  const paid = { defaultTier: 'premium' };
  const failed = (provider: string) => ({ ownKeys: [provider], failedKeys: [provider] });

  it.each([
    // A model of tier openai goes straight to OpenAI where a key is at hand, else through OpenRouter.
    [GPT_4O, paid, ['openrouter', 'openai'], 'operator openai'],
    [GPT_4O, paid, ['openrouter'], 'operator openrouter'],
    [GPT_4O, paid, ['openai'], 'operator openai'],
    [GPT_4O, paid, [], 'no_route'],
    [MINI, paid, ['openrouter', 'openai'], 'operator openrouter'],
    [MINI, paid, ['openai'], 'operator openai'],
    [CLAUDE, paid, ['openai'], 'no_route'],
    // The guild's own key for the provider goes before the operator's.
    [CLAUDE, { ...paid, ownKeys: ['openrouter'] }, ['openrouter'], 'guild openrouter'],
    [LLAMA, { ownKeys: ['openrouter'] }, ['openrouter'], 'guild openrouter'],
    [GPT_4O, { ...paid, ownKeys: ['openai'] }, ['openrouter', 'openai'], 'guild openai'],
    [GPT_4O, { ...paid, ownKeys: ['openrouter'] }, ['openai'], 'operator openai'],
    [GPT_4O, { ...paid, ownKeys: ['openrouter'] }, ['openrouter'], 'guild openrouter'],
    [LLAMA, { ownKeys: ['openai'] }, ['openrouter'], 'operator openrouter'],
    // Models that own keys open are reachable with those keys alone.
    [CLAUDE, { ownKeys: ['openrouter'] }, ['openrouter', 'openai'], 'guild openrouter'],
    [GPT_4O, { ownKeys: ['openai'] }, ['openrouter', 'openai'], 'guild openai'],
    [GPT_4O, { ownKeys: ['openrouter'] }, ['openrouter', 'openai'], 'locked'],
    [MINI, { ownKeys: ['openai'] }, ['openrouter', 'openai'], 'locked'],
    [CLAUDE, { ownKeys: ['openai'] }, ['openrouter', 'openai'], 'locked'],
    [DEEPSEEK, { ownKeys: ['openrouter'] }, ['openrouter', 'openai'], 'locked'],
    [DEEPSEEK, { ownKeys: ['openrouter', 'openai'] }, ['openrouter'], 'guild openrouter'],
    [GPT_4O, { ownKeys: ['openrouter', 'openai'] }, ['openrouter'], 'guild openai'],
    // An openai grant and an own OpenRouter key are premium together; what only both open, the guild pays.
    [DEEPSEEK, { defaultTier: 'openai', ownKeys: ['openrouter'] }, ['openrouter'], 'guild openrouter'],
    [DEEPSEEK, { defaultTier: 'openrouter', ownKeys: ['openai'] }, ['openrouter', 'openai'], 'no_route'],
    [GPT_4O, { defaultTier: 'openrouter', ownKeys: ['openai'] }, ['openai'], 'guild openai'],
    [CLAUDE, { defaultTier: 'openrouter', ownKeys: ['openai'] }, ['openrouter'], 'operator openrouter'],
    // A key for something else opens nothing and pays for nothing here.
    [CLAUDE, { ownKeys: ['litellm', '__proto__'] }, ['openrouter'], 'locked'],
    // A key that failed gives way to what the operator pays for as well, and to nothing else.
    [CLAUDE, { ...paid, ...failed('openrouter') }, ['openrouter'], 'operator openrouter'],
    [CLAUDE, { ...paid, ...failed('openrouter') }, [], 'guild openrouter'],
    [CLAUDE, failed('openrouter'), ['openrouter', 'openai'], 'guild openrouter'],
    [GPT_4O, { ...paid, ...failed('openai') }, ['openrouter'], 'operator openrouter'],
    [GPT_4O, { ...paid, ...failed('openai') }, [], 'guild openai'],
    [GPT_4O, { ...failed('openai'), ownKeys: ['openai', 'openrouter'] }, [], 'guild openrouter'],
  ] as const)('%s for %j, with operator keys %j: %s', (id, holdings, keys, expected) => {
    const guild = guildOf(holdings as Holdings);
    expect(outcome(checkAccess(id, guild, termsWith(new Set(keys))))).toBe(expected);
  });

  it('carries the name that the provider knows', () => {
    const guild = guildOf({ defaultTier: 'premium' });
    const at = (keys: string[]) =>
      granted(checkAccess(GPT_4O, guild, termsWith(new Set(keys)))).route.wireModel;
    expect(at(['openai'])).toBe('gpt-4o');
    expect(at(['openrouter'])).toBe('openai/gpt-4o');
  });

  it('passes over a provider that no longer has the model', () => {
    const terms = termsWith();
    terms.catalogue.apply('openai', listOf('openai', ['gpt-4o']));
    expect(outcome(checkAccess(GPT_4O, guildOf({ defaultTier: 'premium' }), terms))).toBe(
      'operator openrouter',
    );
    expect(outcome(checkAccess(GPT_4O, guildOf({ ownKeys: ['openai'] }), terms))).toBe('no_route');
  });

  it('never lets the operator pay for what the operator did not give', () => {
    const tiers = fc.constantFrom(...TIERS, 'gold');
    const providers = fc.subarray(['openrouter', 'openai', 'litellm']);
    fc.assert(
      fc.property(tiers, providers, providers, fc.constantFrom(...ALL), (defaultTier, ownKeys, keys, id) => {
        const failedKeys = ownKeys.slice(1);
        const holdings = { defaultTier, ownKeys, failedKeys };
        const decision = checkAccess(id, guildOf(holdings), termsWith(new Set(keys)));
        if (!decision.ok) return;
        if (decision.payer === 'guild') expect(ownKeys).toContain(decision.route.provider);
        else {
          expect(keys).toContain(decision.route.provider);
          const withoutOwnKeys = checkAccess(id, guildOf({ defaultTier }), termsWith(new Set(keys)));
          expect(outcome(withoutOwnKeys)).toBe(outcome(decision));
        }
      }),
    );
  });
});

describe('a model that is gone', () => {
  it('is refused to everybody, with another one of its maker or tier', () => {
    const terms = termsWith();
    terms.catalogue.apply('openrouter', listOf('openrouter', [LLAMA, CLAUDE]));
    for (const defaultTier of TIERS) {
      const refusal = refused(checkAccess(LLAMA, guildOf({ defaultTier }), terms));
      expect(refusal).toMatchObject({ reason: 'gone', suggestion: { id: GEMINI }, keysThatOpen: [] });
    }
    const refusal = refused(checkAccess(CLAUDE, guildOf({ defaultTier: 'openrouter' }), terms));
    expect(refusal).toMatchObject({ reason: 'gone', suggestion: { id: MINI } });
  });
});

describe('a spelling that is not the id', () => {
  const guild = guildOf({ defaultTier: 'premium', ownKeys: ['openrouter', 'openai'] });
  const terms = termsWith();

  const tricks = ALL.flatMap((id) => [
    ...[':online', ':nitro', ':floor', ':exacto', ':extended', ':thinking', ':free', ':beta', ':'].map(
      (s) => id + s,
    ),
    ...['@preset/mine', '@latest', '/', '//', '#', '?x=1', '%20', '\0', '.', ',openai/o1'].map((s) => id + s),
    ...[
      ' ',
      '\t',
      '\n',
      '\r\n',
      '\u00a0',
      '\u2003',
      '\u200b',
      '\u200d',
      '\u2060',
      '\u3000',
      '\ufeff',
      '\u00ad',
    ].flatMap((space) => [
      id + space,
      space + id,
      id.replace('/', `${space}/`),
      id.replace('/', `/${space}`),
    ]),
    id.toUpperCase(),
    id.charAt(0).toUpperCase() + id.slice(1),
    id.replace('/', '\\'),
    id.replace('/', '%2F'),
    id.replace('/', '/../'),
    id.replace('/', '\u2215'),
    id.replaceAll('a', '\u0430'),
    id.replaceAll('o', '\u03bf').replaceAll('e', '\u0435'),
    id.replace('-', '\u2011'),
    id.slice(id.indexOf('/') + 1),
    id.endsWith(':free') ? id.slice(0, -':free'.length) : `~${id}`,
    `./${id}`,
    `openrouter/${id}`,
    `models/${id}`,
  ]).filter((spelling) => !ALL.includes(spelling));

  it(`is refused in ${tricks.length} ways, suffixes, spaces and look-alikes among them`, () => {
    for (const spelling of tricks) {
      expect(refused(checkAccess(spelling, guild, terms)), JSON.stringify(spelling)).toMatchObject({
        reason: 'unknown',
        asked: spelling,
        model: null,
      });
    }
  });

  it.each([
    'openrouter/auto',
    'openrouter/free',
    '@preset/mine',
    '__proto__',
    'constructor',
    'toString',
    '',
    '*',
    '/',
  ])('is refused as %j', (spelling) => {
    expect(refused(checkAccess(spelling, guild, terms)).reason).toBe('unknown');
  });

  it('is refused whatever it is', () => {
    const mutated = fc
      .tuple(fc.constantFrom(...ALL), fc.nat(60), fc.nat(3), fc.string({ unit: codePoint, maxLength: 4 }))
      .map(([id, at, removed, added]) => id.slice(0, at) + added + id.slice(at + removed));
    const spellings = fc.oneof(fc.string({ unit: codePoint }), fc.constantFrom(...ALL), mutated);
    fc.assert(
      fc.property(spellings, (spelling) => {
        expect(checkAccess(spelling, guild, terms).ok).toBe(ALL.includes(spelling));
      }),
      { numRuns: 1_000 },
    );
  });

  it('may be near to what was meant', () => {
    const refusal = refused(checkAccess('gpt-4o', guildOf(), terms));
    expect(refusal.near.map(({ id }) => id)).toEqual([GPT_4O]);
    expect(refusal.suggestion?.id).toBe(LLAMA);
  });
});

describe('a model of a local server', () => {
  const ollama = defineProvider({
    id: 'ollama',
    baseUrl: 'http://127.0.0.1:1/v1',
    keyless: true,
    free: true,
  });
  const catalogue = createCatalogue({ ...MODELS_FILE, localProviders: [ollama] });
  catalogue.apply('ollama', [factsOf('llama3.2:3b')]);
  const terms = { catalogue, operatorProviders: new Set(['ollama']), keyProviders: [] };

  it('is open in the playground, and does not exist elsewhere', () => {
    expect(outcome(checkAccess('ollama/llama3.2:3b', guildOf({}, 'web:local'), terms))).toBe(
      'operator ollama',
    );
    for (const id of ['discord:1', 'discord:dm:1', 'slack:T1'] as const) {
      const refusal = refused(
        checkAccess('ollama/llama3.2:3b', guildOf({ defaultTier: 'premium' }, id), terms),
      );
      expect(refusal).toMatchObject({ reason: 'unknown', model: null, suggestion: null });
      expect(refusal.near.map((model) => model.id)).not.toContain('ollama/llama3.2:3b');
    }
  });
});

describe('a refusal in words', () => {
  function words(id: string, guild: GuildInQuestion, terms = termsWith()): string {
    return explainRefusal(refused(checkAccess(id, guild, terms)));
  }

  it('names the model, the tier that it needs, the tier that there is, how to get there and what can be used now', () => {
    expect(words(GPT_4O, guildOf())).toBe(
      '**GPT-4o** (`openai/gpt-4o`) needs the tier `openai` or `premium`; this server has `free`. ' +
        'The operator can grant it. An admin can also open it with an API key for OpenAI: `/connect`. ' +
        'You can use **Llama 3.2 3B (Free)** (`meta-llama/llama-3.2-3b-instruct:free`) now.',
    );
  });

  it('names both keys where it takes both, and the one that is missing where there is one', () => {
    expect(words(DEEPSEEK, guildOf())).toContain(
      'with an API key for OpenRouter and one for OpenAI: `/connect`',
    );
    expect(words(DEEPSEEK, guildOf({ defaultTier: 'openai' }))).toContain(
      'with an API key for OpenRouter: `/connect`',
    );
  });

  it('sends nobody to a command that does not work here', () => {
    for (const id of ALL) {
      const decision = checkAccess(id, guildOf(), termsWith(new Set(), []));
      expect(explainRefusal(refused(decision))).not.toMatch(/connect|key for OpenRouter/);
    }
  });

  it('advises a key to nobody from elsewhere, because it would open nothing to them', () => {
    const outsider = { ...guildOf(), hostTier: 'premium' } as const;
    for (const id of ALL) {
      expect(words(id, outsider, termsWith(new Set()))).not.toContain('/connect');
    }
  });

  it('names to somebody from elsewhere their own tier, and the setting that decides it', () => {
    const outsider = { ...guildOf(), hostTier: 'premium' } as const;
    expect(words(GPT_4O, outsider)).toBe(
      '**GPT-4o** (`openai/gpt-4o`) needs the tier `openai` or `premium`; people from elsewhere have `free` in this server. ' +
        'The operator can change that: `SLACK_CONNECT_TIER`. ' +
        'You can use **Llama 3.2 3B (Free)** (`meta-llama/llama-3.2-3b-instruct:free`) now.',
    );
  });

  it('has all that was asked and found', () => {
    const guild = guildOf({ defaultTier: 'openrouter' });
    const found = refused(checkAccess(GPT_4O, guild, termsWith()));
    expect(found).toMatchObject({
      reason: 'locked',
      asked: GPT_4O,
      guild,
      model: { id: GPT_4O },
      near: [],
      keysThatOpen: ['openai'],
      suggestion: { id: MINI },
    });
    const none = refused(checkAccess('zzz', guild, termsWith()));
    expect(none).toMatchObject({
      reason: 'unknown',
      asked: 'zzz',
      guild,
      model: null,
      near: [],
      keysThatOpen: [],
    });
  });

  it('offers a model of the same maker first', () => {
    expect(words(GPT_4O, guildOf({ defaultTier: 'openrouter' }))).toContain('You can use **GPT-4o mini**');
  });

  it('says what may have been meant by an unknown id', () => {
    expect(words('openai/gpt-4o:online', guildOf({ defaultTier: 'premium' }))).toBe(
      'There is no model `openai/gpt-4o:online` here. Did you mean `openai/gpt-4o` or `openai/gpt-4o-mini`? ' +
        'You can use **GPT-4o** (`openai/gpt-4o`) now.',
    );
    expect(words('zzz', guildOf())).toContain('`/models` lists the available ones.');
  });

  it('says that a model is gone', () => {
    const terms = termsWith();
    terms.catalogue.apply('openrouter', listOf('openrouter', [LLAMA]));
    expect(words(LLAMA, guildOf(), terms)).toBe(
      '**Llama 3.2 3B (Free)** (`meta-llama/llama-3.2-3b-instruct:free`) is no longer offered by its provider. ' +
        'You can use **Gemini 2.0 Flash (Free)** (`google/gemini-2.0-flash-001:free`) now.',
    );
  });

  it('says that a key of the bot is missing, and that nothing else can be used', () => {
    expect(words(LLAMA, guildOf(), termsWith(new Set(), []))).toBe(
      '**Llama 3.2 3B (Free)** (`meta-llama/llama-3.2-3b-instruct:free`) is not available: no API key is set up for it. ' +
        'Please tell the operator. No other model is available here now.',
    );
  });

  it('says that own keys do not lead to a model that they open', () => {
    const guild = guildOf({ defaultTier: 'openrouter', ownKeys: ['openai'] });
    expect(words(DEEPSEEK, guild)).toBe(
      '**DeepSeek Chat** (`deepseek/deepseek-chat`) is open to `premium`, which this server has only through its own API keys, but none of those keys offers this model. ' +
        'The operator can grant that tier. An admin can also open it with an API key for OpenRouter: `/connect`. ' +
        'You can use **Llama 3.2 3B (Free)** (`meta-llama/llama-3.2-3b-instruct:free`) now.',
    );
  });

  it.each([
    ['discord:1', 'this server has'],
    ['discord:dm:1', 'this chat has'],
    ['slack:T1', 'this workspace has'],
    ['web:local', 'this playground has'],
  ] as const)('speaks of %s as people there do', (id, place) => {
    expect(words(CLAUDE, guildOf({}, id))).toContain(place);
  });

  it('cannot be broken by what was asked', () => {
    const text = words(`\`\`\`\n@everyone\u202e <!channel> ${'x'.repeat(500)}`, guildOf());
    expect(text.split('\n')).toHaveLength(1);
    expect(text.match(/`/g)).toHaveLength(6);
    expect(text).not.toContain('\u202e');
    expect(text.length).toBeLessThan(400);
  });
});
