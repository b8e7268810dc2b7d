import { afterEach, describe, expect, it } from 'vitest';
import { UNLIMITED_GUILD } from '../../../../src/core/ports/limits.ts';
import type { Rename } from '../../../../src/core/ports/surface.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { DONE, finishChunk, textChunk, usageChunk } from '../../../support/provider/chunks.ts';
import {
  answer,
  json,
  type RecordedRequest,
  type Reply,
  stream,
} from '../../../support/provider/fake-provider.ts';
import {
  createTestBot,
  invocationOf,
  messageOf,
  pressOf,
  type TestBot,
  type TestBotOptions,
  testActor,
  testSurface,
} from '../../../support/test-bot.ts';
import { waitUntil } from '../../../support/wait-until.ts';

let bot: TestBot;
afterEach(() => bot.close());

const place = { channel: 'c1', key: 'discord:c1/t1' };
const isTitle = ({ body }: Pick<RecordedRequest, 'body'>) =>
  String(body.messages[0].content).startsWith('Name the conversation');
const USED = { prompt_tokens: 100, completion_tokens: 10 };

async function start(title: Reply = answer('“Fjords of Norway”', USED), options: TestBotOptions = {}) {
  bot = await createTestBot({
    defaultTier: 'premium',
    defaultModel: 'openai/gpt-4o',
    keys: ['openrouter', 'openai'],
    automatic: new Set(['titles']),
    ...options,
  });
  const reply: Reply = (response, request) =>
    (isTitle(request) ? title : answer('A **valley** that the sea fills.', USED))(response, request);
  bot.provider.script(...Array.from({ length: 20 }, () => reply));
}

/** A place whose thread can be named, and the names it was given. */
function nameable(options: Parameters<typeof testSurface>[0] = {}) {
  const names: string[] = [];
  const rename: Rename = async (title) => void names.push(title);
  const surface = Object.defineProperty(testSurface(options), 'rename', { value: rename });
  return { surface, names };
}

async function ask(text: string, options: Parameters<typeof testSurface>[0] = {}) {
  const { surface, names } = nameable(options);
  await bot.dispatch.message(messageOf(text, { place, surface }));
  return { surface, names };
}

const titles = () => bot.provider.chats.filter(isTitle);
/** All that runs in the background has ended. */
const settled = () =>
  waitUntil(async () => expect(await bot.ledger.openReservations({ guild: 'discord:1' })).toEqual([]));

describe('a thread', () => {
  it('is named once, after its first answer, by the cheapest model, for money and no request', async () => {
    await start();
    const { names } = await ask('What is a fjord?');
    await waitUntil(() => expect(names).toEqual(['Fjords of Norway']));
    expect(titles()[0]?.body).toMatchObject({
      model: 'mistralai/mistral-small-3.2-24b-instruct',
      messages: [{}, { content: 'What is a fjord?\n\nA **valley** that the sea fills.' }],
    });
    await settled();
    const usage = await Array.fromAsync(bot.services.usage.query({ of: { guild: 'discord:1' } }));
    expect(usage.map(({ kind, user }) => [kind, user]).toSorted()).toEqual([
      [undefined, 'mia'],
      ['titles', 'mia'],
    ]);
    const again = await ask('And a bay?');
    await settled();
    expect(again.names).toEqual([]);
    expect(titles()).toHaveLength(1);
  });

  it('is not named once its money is used up, and the log says so', async () => {
    const dollar = { ...UNLIMITED_GUILD, nanoUsdPerGuildPerDay: 1e9 };
    const tiers = { free: dollar, openai: dollar, openrouter: dollar, premium: dollar };
    const limits = { tiers, installation: { nanoUsdPerDay: null, nanoUsdPerMonth: null } };
    await start(undefined, { limits, defaultModel: 'openai/gpt-4o-mini', keys: ['openrouter'] });
    bot.provider.unscript();
    bot.provider.answer('A valley.', { ...USED, cost: 1 });
    const { surface, names } = await ask('What is a fjord?');
    expect(surface.text).toBe('A valley.');
    await waitUntil(() => expect(bot.logged()).toContain('skipped an automatic task'));
    expect([names, titles()]).toEqual([[], []]);
  });

  it('is named by a model that takes no longer than 45 s', async () => {
    const clock = createFakeClock();
    const timeouts = { requestMs: 1e6, silenceMs: 1e6, firstProgressMs: 1e6, progressMs: 1e6 };
    await start(undefined, { clock, client: { timeouts } });
    bot.provider.unscript();
    bot.provider.answer('A valley.', USED);
    const title = bot.provider.live();
    await ask('What is a fjord?', { clock });
    await title.request;
    const failed = () => bot.logged().includes('an automatic task failed');
    await clock.advance(44_000);
    expect(failed()).toBe(false);
    await clock.advance(1_000);
    await waitUntil(() => expect(failed()).toBe(true));
  });

  it.each([
    ['markup and more lines', '## **Fjords** of `Norway`\nand more', 'Fjords of Norway'],
    ['an address', '[Fjords](https://evil.example)', expect.not.stringContaining('](')],
  ])('is named in plain text where a model writes %s', async (_, written, name) => {
    await start(answer(written, USED));
    const { names } = await ask('What is a fjord?');
    await waitUntil(() => expect(names).toHaveLength(1));
    expect(names[0]).toEqual(name);
  });

  it.each([
    ['fails', json(500, { error: { message: 'down' } })],
    ['says nothing', answer('', USED)],
    ['says nothing but marks', answer('***', USED)],
  ])('keeps its name where the model %s', async (_, title) => {
    await start(title);
    const { surface, names } = await ask('What is a fjord?');
    expect(surface.shown?.status).toBe('complete');
    await waitUntil(() => expect(titles().length).toBeGreaterThan(0));
    await settled();
    expect(names).toEqual([]);
  });

  it.each([
    ['the operator', { automatic: new Set() as NonNullable<TestBotOptions['automatic']> }],
    [
      'a tier that opens no model with a price',
      { defaultTier: 'free' as const, defaultModel: 'meta-llama/llama-3.2-3b-instruct:free' },
    ],
  ])('is not named by a model because of %s', async (_, options) => {
    await start(answer('No.', USED), options);
    const { surface } = await ask('What is a fjord?');
    expect(surface.shown?.status).toBe('complete');
    await settled();
    expect(titles()).toEqual([]);
  });

  it('is not named by a model where admins switched it off, or where only one person sees it', async () => {
    await start();
    await ask('What is a fjord?', { isPrivate: true });
    await settled();
    expect(titles()).toEqual([]);
    await bot.dispatch.command(
      invocationOf(
        'automatic',
        { what: 'titles', state: 'off' },
        { actor: testActor('ada', { isAdmin: true }) },
      ),
    );
    await ask('What is a fjord?');
    await settled();
    expect(titles()).toEqual([]);
  });

  it('that is opened under an answer has at first the question’s first words, 80 characters at most', async () => {
    await start();
    const asked = invocationOf('ask', { prompt: `\n${'fjord '.repeat(50)}\nWhat is it?` });
    await bot.dispatch.command(asked);
    const opened: string[] = [];
    const openThread = async (title: string) => {
      opened.push(title);
      return 'thread';
    };
    const answerId = asked.surface.shown?.buttons[0]?.answerId ?? '';
    await bot.dispatch.press({ ...pressOf('continue', answerId), openThread });
    expect(opened).toEqual([`${'fjord '.repeat(13).trim()}…`]);
  });

  it('is named by a whole title alone, whether or not a reason for its end came', async () => {
    const ends = [finishChunk('length'), ''];
    await start((response, request) =>
      stream(textChunk('Fjords'), `${ends.shift()}${usageChunk(USED)}${DONE}`)(response, request),
    );
    const [cut, whole] = [nameable(), nameable()];
    for (const [index, { surface }] of [cut, whole].entries()) {
      const there = { channel: 'c1', key: `discord:c1/t${index}` };
      await bot.dispatch.message(messageOf('What is a fjord?', { place: there, surface }));
      await settled();
    }
    await waitUntil(() => expect(whole.names).toEqual(['Fjords']));
    expect(cut.names).toEqual([]);
  });

  it('that cannot be opened under an answer is not named, and the person is told', async () => {
    await start();
    const asked = invocationOf('ask', { prompt: 'What is a fjord?' });
    await bot.dispatch.command(asked);
    const press = pressOf('continue', asked.surface.shown?.buttons[0]?.answerId ?? '');
    await bot.dispatch.press({ ...press, openThread: async () => null });
    expect(press.surface.privateTexts[0]?.text).toBe(
      'Threads are not possible here. Reply to the answer instead.',
    );
  });

  it('that is opened under an answer is named by it', async () => {
    await start();
    const asked = invocationOf('ask', { prompt: 'What is a fjord?' });
    await bot.dispatch.command(asked);
    const answerId = asked.surface.shown?.buttons[0]?.answerId ?? '';
    const { names } = nameable();
    const rename: Rename = async (title) => void names.push(title);
    await bot.dispatch.press({ ...pressOf('continue', answerId), renameThread: rename });
    await waitUntil(() => expect(names).toEqual(['Fjords of Norway']));
  });
});
