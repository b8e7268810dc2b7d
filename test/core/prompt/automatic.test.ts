import { describe, expect, it } from 'vitest';
import type { AccessDecision } from '../../../src/core/access/access.ts';
import { createCatalogue } from '../../../src/core/catalogue/catalogue.ts';
import { parseCatalogueFile } from '../../../src/core/catalogue/file.ts';
import type { ModelRequest, ModelRequests } from '../../../src/core/ledger/model-requests.ts';
import type { TakeEvent } from '../../../src/core/ports/provider.ts';
import { createErrands, type Errand } from '../../../src/core/prompt/automatic.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder, never } from '../../support/provider/test-client.ts';
import { testActor } from '../../support/test-bot.ts';

const model = (id: string, dollars: number | null, more: object = {}) => ({
  id: `lab/${id}`,
  tier: 'free',
  contextTokens: 10_000,
  ...(dollars === null ? {} : { prices: { promptPerMillion: dollars, completionPerMillion: dollars } }),
  ...more,
});
const MODELS = [
  model('dear', 9),
  model('cheap', 1),
  model('free', 0),
  model('closed', 0.1),
  model('thinks', 0.1, { reasoningInText: true }),
  model('unpriced', null),
  model('short-answers', 0.1, { maxOutputTokens: 499 }),
  model('small', 0.1, { contextTokens: 1_000 }),
];

const actor = testActor('mia');
const ERRAND: Errand = {
  kind: 'titles',
  actor,
  place: { guild: actor.guild, channel: 'c1', key: 'k1' },
  conversation: 'conversation-1',
  // 308 bytes, with the line break between.
  messages: [
    { role: 'system', content: 'x'.repeat(7) },
    { role: 'user', content: 'y'.repeat(300) },
  ],
  maxOutputTokens: 500,
  mayBeFree: false,
};

function setUp(
  stream: (take: TakeEvent, signal: AbortSignal) => Promise<void>,
  { models = MODELS, refusal = null as string | null } = {},
) {
  const catalogue = createCatalogue(parseCatalogueFile(JSON.stringify({ models })));
  const clock = createFakeClock();
  const { log, lines } = createLogRecorder();
  const asked: ModelRequest[] = [];
  let settled = 0;
  const decide = (id: string) => {
    const found = catalogue.get(id, 'discord');
    return (
      id === 'lab/closed' || found === null
        ? { ok: false }
        : { ok: true, model: found, route: found.routes[0], payer: 'operator' }
    ) as AccessDecision;
  };
  const requests = {
    look: async () => ({ decide }),
    async openRequest(request: ModelRequest) {
      asked.push(request);
      return refusal === null
        ? { ok: true, stream, settle: async () => settled++ }
        : { ok: false, text: refusal };
    },
  } as unknown as ModelRequests;
  const run = createErrands({ catalogue, models: requests, clock, log });
  return { run, asked, clock, logged: () => lines.map((line) => JSON.parse(line)), settled: () => settled };
}

const says =
  (text: string, finish = 'stop') =>
  async (take: TakeEvent) => {
    for (const delta of text) await take({ type: 'text', delta });
    await take({ type: 'done', finish } as never);
  };

describe('a task that nobody asked for', () => {
  it('is done by the cheapest model that may and can do it, in the name of the person', async () => {
    const { run, asked, settled, clock } = setUp(says(' A title \n'));
    expect(await run(ERRAND, never)).toBe('A title');
    expect(asked).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        kind: 'titles',
        actor,
        model: 'lab/cheap',
        messages: ERRAND.messages,
        maxOutputTokens: 500,
        webSearch: false,
        conversation: 'conversation-1',
      },
    ]);
    expect([settled(), clock.pending]).toEqual([1, 0]);
    await run({ ...ERRAND, mayBeFree: true }, never);
    expect(asked[1]?.model).toBe('lab/free');
  });

  it.each([
    [{ contextTokens: 1_010 }, 'lab/model'],
    [{ contextTokens: 1_009 }, undefined],
    [{ maxOutputTokens: 500 }, 'lab/model'],
    [{ prices: { promptPerMillion: 1 } }, undefined],
  ])('is done by a model with %j: %s', async (more, id) => {
    const { run, asked } = setUp(says('A title'), { models: [model('model', 1, more)] });
    expect(await run(ERRAND, never)).toBe(id === undefined ? null : 'A title');
    expect(asked[0]?.model).toBe(id);
  });

  it('counts long texts by their tokens, not by their bytes', async () => {
    const long = (chars: number) => ({
      ...ERRAND,
      messages: [{ role: 'user' as const, content: 'word '.repeat(chars / 5) }],
    });
    const { run, asked } = setUp(says('A title'), { models: [model('model', 1)] });
    expect(await run(long(8_000), never)).toBeNull();
    expect(await run(long(8_005), never)).toBe('A title');
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['cut', says('A tit', 'length')],
    ['empty', says('  ')],
    ['filtered', says('A tit', 'content_filter')],
    ['not ended', (take: TakeEvent) => Promise.resolve(take({ type: 'text', delta: 'A' }))],
  ])('has no result if the answer is %s', async (_, stream) => {
    const { run, settled, logged } = setUp(stream);
    expect(await run(ERRAND, never)).toBeNull();
    expect([settled(), logged()]).toEqual([1, []]);
  });

  it('has a result if the answer ends for no known reason', async () => {
    expect(await setUp(says('A title', 'unknown')).run(ERRAND, never)).toBe('A title');
  });

  it('has no result if it is refused, and that is logged', async () => {
    const { run, logged } = setUp(says('A title'), { refusal: 'Daily limit reached.' });
    expect(await run(ERRAND, never)).toBeNull();
    expect(logged()).toMatchObject([
      {
        level: 30,
        kind: 'titles',
        guild: actor.guild,
        reason: 'Daily limit reached.',
        msg: 'skipped an automatic task',
      },
    ]);
  });

  it('has no result if it fails, and that is logged', async () => {
    const { run, logged, settled } = setUp(() => Promise.reject(new Error('broken')));
    expect(await run(ERRAND, never)).toBeNull();
    expect(settled()).toBe(1);
    expect(logged()).toMatchObject([
      {
        level: 40,
        kind: 'titles',
        guild: actor.guild,
        model: 'lab/cheap',
        err: { message: 'broken' },
        msg: 'an automatic task failed',
      },
    ]);
  });

  const hanging = (_: TakeEvent, signal: AbortSignal) =>
    new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

  it('ends after 45 s', async () => {
    const { run, clock, logged } = setUp(hanging);
    const running = run(ERRAND, never);
    await clock.advance(44_999);
    expect(logged()).toEqual([]);
    await clock.advance(1);
    expect(await running).toBeNull();
    expect(logged()).toMatchObject([{ err: { message: 'titles: no answer in time' } }]);
  });

  it('ends with the signal, which is no failure', async () => {
    const { run, clock, logged, settled } = setUp(hanging);
    const stopping = new AbortController();
    const running = run(ERRAND, stopping.signal);
    await clock.advance(0);
    stopping.abort(new Error('stopped'));
    await expect(running).rejects.toThrow('stopped');
    expect([settled(), logged(), clock.pending]).toEqual([1, [], 0]);
  });
});
