import { describe, expect, it, onTestFinished } from 'vitest';
import { parseCatalogueFile } from '../../../src/core/catalogue/file.ts';
import { NEVER } from '../../../src/core/kit/time/over.ts';
import type { Admitted } from '../../../src/core/ledger/admitted-request.ts';
import { createFallbacks } from '../../../src/core/model-choice/fallbacks.ts';
import { UNLIMITED_GUILD } from '../../../src/core/ports/limits.ts';
import type { Model } from '../../../src/core/ports/model.ts';
import type { TakeEvent } from '../../../src/core/ports/provider.ts';
import { ProviderError, type ProviderErrorCode } from '../../../src/core/ports/provider-errors.ts';
import type { Store } from '../../../src/core/ports/store.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { textChunk } from '../../support/provider/chunks.ts';
import { createFakeProvider, drop, json, type Reply, stream } from '../../support/provider/fake-provider.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';
import {
  createTestBot,
  invocationOf,
  messageOf,
  type TestBot,
  testActor,
  testSurface,
} from '../../support/test-bot.ts';

const PLACE = { channel: 'c1', key: 'discord:c1' };
const DOWN = json(503, { error: { code: 503, message: 'down' } });
const GONE = json(404, { error: { code: 404, message: 'No endpoints found for this model' } });

function fileOf(fallbacks: readonly string[] = ['maker/second', 'maker/third'], contextTokens = 128_000) {
  const model = (id: string, more: object = {}) => ({
    id: `maker/${id}`,
    name: `Model ${id}`,
    tier: 'free',
    routes: [{ provider: 'server' }],
    contextTokens: 128_000,
    prices: { promptPerMillion: 1, completionPerMillion: 10 },
    ...more,
  });
  return parseCatalogueFile(
    JSON.stringify({
      providers: [{ id: 'server', name: 'The server', baseUrl: 'http://127.0.0.1/v1', keyless: true }],
      models: [
        model('first', { fallbacks, contextTokens }),
        model('second'),
        model('third', { contextTokens: 1_000_000 }),
        model('paid', { tier: 'premium' }),
      ],
    }),
  );
}

async function world(fallbacks?: readonly string[], contextTokens?: number) {
  const clock = createFakeClock(Date.UTC(2026, 10, 12, 9));
  const store = await openStore('memory:', { clock, log: createLogRecorder().log });
  const provider = await createFakeProvider({ dialect: 'compatible' });
  for (const each of [store, provider]) onTestFinished(() => each.close());
  const bot = async (shared: Store = store): Promise<TestBot> => {
    const made = await createTestBot({
      store: shared,
      provider,
      file: fileOf(fallbacks, contextTokens),
      keys: ['server'],
      defaultModel: 'maker/first',
      clock,
    });
    onTestFinished(() => made.close());
    return made;
  };
  const first = await bot();
  async function ask(of: TestBot = first, text = 'What is a fjord?') {
    const surface = testSurface({ clock });
    let isDone = false;
    const asked = of.dispatch.message(messageOf(text, { surface, place: PLACE })).finally(() => {
      isDone = true;
    });
    // Slowly: what happens within a minute must not take one on a busy machine.
    while (!isDone) {
      await clock.advance(2);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await asked;
    return surface;
  }
  const asked = () => provider.chats.map(({ body }) => (body as { model: string }).model);
  const script = (...replies: Reply[]) => provider.script(...replies);
  const level = async (limit: string) => {
    const levels = await first.ledger.levels(
      { guild: 'discord:1', user: 'mia', payer: 'operator' },
      UNLIMITED_GUILD,
    );
    return levels.find((other) => other.limit === limit)?.used;
  };
  return { clock, provider, bot, first, ask, asked, script, level };
}

const answer = (text = 'An inlet.') =>
  stream(
    textChunk(text),
    'data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5}}\n\n',
    'data: [DONE]\n\n',
  );

describe('a model that fails before its first text', () => {
  it('is healed by its fallback: the footer says so, one request counts, at its own price', async () => {
    const { ask, asked, script, level } = await world();
    script(GONE, answer());
    const surface = await ask();
    expect(surface.text).toBe('An inlet.');
    expect(surface.shown).toMatchObject({ status: 'complete', note: null });
    expect(surface.shown?.footer).toMatch(/^Model second, as Model first is gone · /);
    expect(asked()).toEqual(['maker/first', 'maker/second']);
    expect(await level('requestsPerUserPerDay')).toBe(1);
    expect(await level('nanoUsdPerGuildPerDay')).toBe(10 * 1_000 + 5 * 10_000);
  });

  it('goes on to the next one where the first fallback fails too, and keeps the conversation', async () => {
    const { ask, asked, script } = await world();
    script(GONE, GONE, answer());
    const surface = await ask();
    expect(surface.shown?.footer).toMatch(/^Model third, as Model first is gone/);
    script(answer('Yes.'));
    await ask(undefined, 'Really?');
    expect(asked().slice(-1)).toEqual(['maker/first']);
  });

  it('tells its own failure where no fallback answers', async () => {
    const { ask, asked, script } = await world(['maker/second']);
    script(GONE, GONE);
    const surface = await ask();
    expect(surface.shown).toMatchObject({ status: 'failed' });
    expect(asked()).toEqual(['maker/first', 'maker/second']);
  });

  it('goes to one with a longer context alone where the question is too long', async () => {
    const { ask, asked, script } = await world();
    script(json(400, { error: { code: 'context_length_exceeded', message: 'too long' } }), answer());
    const surface = await ask();
    expect(surface.shown?.footer).toMatch(/^Model third, as Model first is too short for this/);
    expect(asked()).toEqual(['maker/first', 'maker/third']);
  });

  it('is not asked if the question does not fit, and says so if nothing else takes it', async () => {
    const long = 'word '.repeat(7_900);
    const healed = await world(undefined, 8_192);
    healed.script(answer());
    const surface = await healed.ask(undefined, long);
    expect(surface.shown?.footer).toMatch(/^Model second, as Model first is too short for this/);
    expect(healed.asked()).toEqual(['maker/second']);
    const alone = await world([], 8_192);
    const { privateTexts } = await alone.ask(undefined, long);
    expect(privateTexts[0]?.text).toMatch(
      /^The question is too long for Model first: about \d,\d{3} tokens, and the limit is \d,\d{3}\./,
    );
    expect(alone.asked()).toEqual([]);
  });

  it('never opens what the place may not use', async () => {
    const { ask, asked, script } = await world(['maker/paid']);
    script(GONE);
    expect((await ask()).shown).toMatchObject({ status: 'failed' });
    expect(asked()).toEqual(['maker/first']);
  });

  it.each([
    ['a refused key', json(401, { error: { message: 'Invalid API key' } })],
    ['no credit', json(402, { error: { code: 402, message: 'Insufficient credits' } })],
    ['a break after its first text', drop(textChunk('A fjord'))],
  ])('is not healed of %s', async (_, reply) => {
    const { ask, asked, script } = await world();
    script(reply);
    expect((await ask()).shown?.status).toBe('failed');
    expect(asked()).toEqual(['maker/first']);
  });
});

describe('the fallbacks of a question', () => {
  const modelOf = (name: string, more: object = {}) =>
    ({
      ...{ id: `maker/${name}`, name, contextTokens: 1_000, gone: false, traits: { fallbacks: [] } },
      routes: [{ provider: 'server', wireModel: name, gone: false }],
      ...more,
    }) as unknown as Model;
  const OPEN = modelOf('open');
  const models = [
    OPEN,
    modelOf('locked'),
    modelOf('gone', { gone: true }),
    modelOf('blind'),
    modelOf('long', { contextTokens: 2_000 }),
  ];
  const ids = (...names: string[]) => names.map((name) => `maker/${name}`);
  const BILL = { costNanoUsd: 5, tokens: 7, exact: true, atMost: false };

  /** A question to a model that fails in this way, if at all. */
  function question(
    code: ProviderErrorCode | null,
    {
      chosen = null as string | null,
      fallbacks = ids('gone', 'unknown', 'blind', 'locked', 'open'),
      opens = true,
      resting = [] as string[],
    } = {},
  ) {
    const { log, lines } = createLogRecorder();
    const first = modelOf('first', { traits: { fallbacks: [...fallbacks, 'maker/first'] } });
    const told: object[] = [];
    const asked: string[] = [];
    const opened: string[] = [];
    const refusal = { ok: false, text: 'It is too long.', isTooLong: opens } as const;
    const ask = createFallbacks({
      catalogue: { get: (id) => models.find((model) => model.id === id) ?? null },
      rest: {
        isResting: async ({ wireModel }) => resting.includes(wireModel),
        failed: async ({ wireModel }, error) => void told.push({ resting: wireModel, code: error.code }),
      },
      telemetry: { providerFailed: (facts) => void told.push(facts) },
      log,
    });
    const openRequest = async (model: Model, attempt: number) => {
      opened.push(`${model.name} ${attempt}`);
      if (model.name === 'locked') return { ok: false, text: 'It is locked.' } as const;
      if (model === first && code === null) return refusal;
      const request = {
        access: { model, route: model.routes[0], payer: 'operator' },
        async stream(take: TakeEvent) {
          asked.push(model.name);
          if (model === first && code !== null)
            throw new ProviderError({ code, provider: 'server', ownKey: false });
          await take({ type: 'text', delta: 'Yes.' });
        },
        bill: async () => BILL,
        settle: async () => ({ ...BILL, exact: model !== first, atMost: model === first }),
      } as unknown as Admitted;
      return { ok: true, request, remark: null, questionTokens: null } as const;
    };
    const suits = ({ name }: Model) => name !== 'blind';
    const place = { ...PLACE, guild: 'discord:1' as const };
    const answerer = ask({ place, model: first, chosen, suits, openRequest });
    return { answerer, told, asked, opened, lines };
  }

  const stream = async (asked: ReturnType<typeof question>) => {
    const answerer = await asked.answerer;
    if (!answerer.ok) throw new Error(answerer.text);
    const fault = await answerer
      .stream(() => {}, NEVER)
      .then(
        () => null,
        (error: unknown) => error,
      );
    return { answerer, fault };
  };

  it.each<[ProviderErrorCode, string]>([
    ['provider_down', 'is down'],
    ['bad_response', 'is down'],
    ['bad_address', 'is down'],
    ['unreachable', 'cannot be reached'],
    ['timeout', 'did not answer'],
    ['cut_off', 'broke off'],
    ['rate_limited', 'is overloaded'],
    ['model_gone', 'is gone'],
    ['excluded', 'is excluded by privacy settings'],
    ['unavailable_here', 'is not available here'],
  ])('heal %s: the model %s', async (code, words) => {
    const asked = question(code);
    const { answerer, fault } = await stream(asked);
    expect({ fault, because: answerer.because }).toEqual({ fault: null, because: `as first ${words}` });
    // Not what is gone, unknown, cannot see the question's pictures, or is itself.
    expect(asked.opened).toEqual(['first 0', 'locked 1', 'open 2']);
    expect(asked.told).toEqual([
      { resting: 'first', code },
      { provider: 'server', model: 'maker/first', payer: 'operator', code },
    ]);
    expect(asked.lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        level: 30,
        model: 'maker/locked',
        reason: 'It is locked.',
        msg: 'skipped a fallback that may not be used',
      },
      { level: 30, model: 'maker/first', failure: code, by: 'maker/open', msg: 'a fallback is answering' },
    ]);
    expect(await answerer.bill()).toEqual({ costNanoUsd: 10, tokens: 14, exact: true, atMost: false });
    expect(await answerer.settle()).toEqual({ costNanoUsd: 10, tokens: 14, exact: false, atMost: true });
  });

  it('are only those with a longer context where the question is too long', async () => {
    const asked = question('context_too_long', { fallbacks: ids('open', 'long') });
    const { answerer } = await stream(asked);
    expect([answerer.because, asked.asked]).toEqual(['as first is too short for this', ['first', 'long']]);
    const before = question(null, { fallbacks: ids('open', 'long') });
    expect((await stream(before)).answerer.because).toBe('as first is too short for this');
    expect(before.opened).toEqual(['first 0', 'long 1']);
  });

  it('are left alone where the model may not be used at all', async () => {
    const asked = question(null, { opens: false, fallbacks: ids('long') });
    expect(await asked.answerer).toEqual({ ok: false, text: 'It is too long.', isTooLong: false });
    expect(asked.opened).toEqual(['first 0']);
  });

  it('are asked first while the model rests, the chosen one before all others, and not those that rest', async () => {
    const asked = question('timeout', {
      chosen: 'maker/long',
      resting: ['first', 'long'],
      fallbacks: ids('open'),
    });
    const { answerer } = await stream(asked);
    expect([answerer.because, asked.opened]).toEqual(['as first is failing now', ['open 1']]);
    const awake = question('timeout', { chosen: 'maker/long', fallbacks: ids('open') });
    await stream(awake);
    expect(awake.asked).toEqual(['first', 'long']);
  });
});

describe('a fallback that an admin chooses', () => {
  it('comes before those of the file, and is taken back by default', async () => {
    const { first, ask, asked, script } = await world([]);
    const run = async (options: object, actor = testActor('ada', { isAdmin: true })) => {
      const surface = testSurface();
      await first.dispatch.command(invocationOf('model', options as never, { surface, place: PLACE, actor }));
      return surface.privateTexts.map(({ text }) => text).join('\n');
    };
    expect(await run({ fallback: 'maker/paid' })).toMatch(/needs the tier/);
    expect(await run({ fallback: 'maker/third' })).toMatch(
      /\*\*Model third\*\* now answers in all channels if/,
    );
    expect(await run({})).toContain('If it fails: `maker/third`');
    script(GONE, answer());
    await ask();
    expect(asked()).toEqual(['maker/first', 'maker/third']);
    expect(await run({ fallback: 'default' })).toContain('removed');
    script(GONE);
    expect((await ask()).shown?.status).toBe('failed');
    expect(await run({ fallback: 'maker/second' }, testActor('mia'))).toBe(
      'Only an admin can choose a fallback.',
    );
  });
});

describe('a route that failed three times in a minute', () => {
  it('rests for a minute, in every process of the store', async () => {
    const { clock, bot, ask, asked, script } = await world(['maker/second']);
    for (let failure = 0; failure < 3; failure++) {
      script(DOWN, answer());
      await ask();
    }
    expect(asked().filter((model) => model === 'maker/first')).toHaveLength(3);
    const other = await bot();
    script(answer());
    const surface = await ask(other);
    expect(surface.shown?.footer).toMatch(/^Model second, as Model first is failing now/);
    expect(asked().filter((model) => model === 'maker/first')).toHaveLength(3);
    await clock.advance(61_000);
    script(answer());
    expect((await ask(other)).shown?.footer).toMatch(/^Model first · /);
  });

  it('is asked all the same, and healed by a fallback whose rest is over by then', async () => {
    const { clock, provider, ask, asked, script } = await world(['maker/second']);
    for (let failure = 0; failure < 3; failure++) {
      script(DOWN, DOWN);
      await ask();
    }
    await clock.advance(55_000);
    const live = provider.live();
    const surface = ask();
    await live.request;
    script(answer());
    await clock.advance(10_000);
    expect((await surface).shown?.footer).toMatch(/^Model second, as Model first did not answer/);
    expect(asked().slice(-2)).toEqual(['maker/first', 'maker/second']);
  });

  it('is asked all the same where nothing else answers', async () => {
    const { ask, asked, script } = await world([]);
    for (let failure = 0; failure < 4; failure++) {
      script(DOWN);
      await ask();
    }
    expect(asked()).toHaveLength(4);
  });
});
