import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ChatMessage,
  type ChatProvider,
  type ChatRequest,
  NO_PRICES,
} from '../../src/core/ports/provider.ts';
import { ProviderClient } from '../../src/core/provider/client.ts';
import { defineProvider } from '../../src/core/provider/definition.ts';
import { type DemoProvider, startDemoProvider } from '../../src/demo/demo-provider.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createHastyClock, type HastyClock } from '../support/provider/hasty-clock.ts';
import {
  createLogRecorder,
  eventsOf,
  never,
  readAll,
  TIMEOUTS,
  textOf,
} from '../support/provider/test-client.ts';

const MODEL = {
  id: 'openai/gpt-4o',
  name: 'GPT-4o',
  contextTokens: 128_000,
  prices: {
    ...NO_PRICES,
    promptPicoUsd: 2_500_000,
    completionPicoUsd: 10_000_000,
    webSearchPicoUsd: 10_000_000_000,
  },
};

let clock: HastyClock;
let demo: DemoProvider;
let provider: ChatProvider;
let logged: string[];

beforeEach(async () => {
  clock = createHastyClock();
  const { log, lines } = createLogRecorder();
  logged = lines;
  demo = await startDemoProvider({ models: [MODEL], clock, log });
  provider = clientOf(demo, clock);
});

afterEach(async () => {
  await demo.stop();
  expect(logged).toEqual([]);
});

function clientOf({ baseUrl }: DemoProvider, retryClock: HastyClock): ChatProvider {
  return new ProviderClient({
    definition: defineProvider({ id: 'openrouter', preset: 'openrouter', baseUrl, keyless: true }),
    apiKey: null,
    fetch,
    clock: retryClock,
    random: () => 0,
    log: createLogRecorder().log,
    timeouts: TIMEOUTS,
  });
}

function ask(...questions: string[]): ChatRequest {
  const messages = questions.flatMap((content): ChatMessage[] => [
    { role: 'user', content },
    { role: 'assistant', content: 'Well.' },
  ]);
  return {
    wireModel: MODEL.id,
    messages: [{ role: 'system', content: 'Be nice.' }, ...messages.slice(0, -1)],
  };
}

async function answerTo(...questions: string[]): Promise<string> {
  const { events, error } = await readAll(eventsOf(provider, ask(...questions), never));
  if (error) throw error;
  return textOf(events);
}

describe('the demo provider', () => {
  it.each([
    'What can you do?',
    'How long is the Nile?',
    'hello',
    'Hi Parley!',
    'good morning',
    'Why is the sky blue?',
    'code',
    'table',
    'markdown',
    'long',
    'search',
  ])('says, asked "%s", that it is a demo', async (question) => {
    expect(await answerTo(question)).toMatch(/\bdemo\b/);
  });

  it('greets with what the bot can do and how to connect a real model', async () => {
    const text = await answerTo('What can you do?');
    for (const part of [
      '/ask',
      '/models',
      '/model',
      '/stop',
      '/forget',
      '/help',
      'OPENROUTER_API_KEY=',
      '.env',
    ]) {
      expect(text).toContain(part);
    }
  });

  it('says of any other question that it is no language model, and how to connect one', async () => {
    const text = await answerTo('Help us plan a team lunch.');
    expect(text).toContain('“Help us plan a team lunch.”');
    expect(text).toContain('not a language model');
    expect(text).toContain('OPENROUTER_API_KEY=');
    expect(text).toContain('GPT-4o');
    expect(text).not.toContain('remember');
  });

  it('shows that it is sent the conversation', async () => {
    const text = await answerTo('Why is the sky blue?', 'And the sea?', 'And the grass?');
    expect(text).toContain('the 3rd question here');
    expect(text).toContain('the one before it was “And the sea?”');
  });

  it('quotes people without the names that stand before what they say in company', async () => {
    const text = await answerTo('Mia: Why: is there a sky?', 'Ada: Why is it blue?\nTell: me');
    expect(text).toContain('You asked “Why is it blue? Tell: me”');
    expect(text).toContain('the one before it was “Why: is there a sky?”');
    expect(await answerTo('Mia: hm', 'Ada: hello')).toMatch(/^Hello!/);
    expect(await answerTo('Note: it is blue')).toContain('“Note: it is blue”');
  });

  it.each(['long', 'Long!', 'long again', 'say long', 'a longer one, please'])(
    'has, asked "%s", a long answer',
    async (question) => {
      expect(await answerTo(question)).toMatch(/^# The life of an answer/);
    },
  );

  it.each(['How long is the Nile?', 'It is no longer there', 'as long as it works'])(
    'takes no length for the wish for a long answer: "%s"',
    async (question) => {
      expect(await answerTo(question)).toMatch(/^You asked/);
    },
  );

  it('says of commands that need a conversation where they work', async () => {
    expect(await answerTo('What can you do?')).toMatch(
      /- in a thread or a direct message, `\/model` [^\n]*`\/forget` /,
    );
  });

  it.each([
    [10, '11th'],
    [20, '21st'],
    [21, '22nd'],
  ])('counts on: after %i questions comes the %s', async (before, nth) => {
    expect(await answerTo(...Array(before).fill('Why?'), 'Why not?')).toContain(`the ${nth} question`);
  });

  it('quotes a question in one short line, in which nothing acts as Markdown', async () => {
    const text = await answerTo('**bold**\n```js\n[x](y)');
    expect(text).toContain('“\\*\\*bold\\*\\* \\`\\`\\`js \\[x\\]\\(y\\)”');
    expect(await answerTo('🦊'.repeat(200))).toContain(`“${'🦊'.repeat(79)}…”`);
  });

  it('names the files that came with a question, and takes nothing in them for its words', async () => {
    const day = '(Today is 2026-11-30.)';
    const file = '<file name="a_b.log" type="text/plain">\nerror: a long table of code\n</file>';
    const text = await answerTo(`What is this?\n\n${file}\n\n<image name="cat.png" />\n\n${day}`);
    expect(text).toContain('You asked “What is this?”.');
    expect(text).toContain('I was sent **a\\_b.log**, **cat.png** with it');
    expect(await answerTo(`Hi\n\n${day}`)).toMatch(/^Hello!/);
    expect(await answerTo(`${file}\n\n${day}`)).toMatch(/^You asked nothing in words/);
  });

  it('answers a question with pictures', async () => {
    const { events, error } = await readAll(
      eventsOf(
        provider,
        {
          wireModel: MODEL.id,
          messages: [
            {
              role: 'user',
              content: [
                { type: 'text', text: 'What is this?\n\n<image name="cat.png" />' },
                { type: 'image', mediaType: 'image/png', base64: 'AAAA' },
              ],
            },
          ],
        },
        never,
      ),
    );
    expect(error).toBeNull();
    expect(textOf(events)).toContain('**cat.png**');
  });

  it.each([
    ['Show me some code.', '```ts\n'],
    ['Show me some Markdown.', '> Quotations'],
    ['a table please', '| --- |'],
  ])('shows, asked "%s", what it looks like', async (question, part) => {
    expect(await answerTo(question)).toContain(part);
  });

  it('has an answer longer than three messages on Discord', async () => {
    expect((await answerTo('Write me a long answer.')).length).toBeGreaterThan(3 * 2_000);
  });

  it('fails midway on demand, and after what it said nothing is tried again', async () => {
    const { events, error } = await readAll(eventsOf(provider, ask('Show me an error.'), never));
    expect(textOf(events)).toContain('on purpose');
    expect(error).toMatchObject({ code: 'provider_down' });
    expect(events.filter(({ type }) => type === 'start')).toHaveLength(1);
  });

  it('cites sources where the model may search the web, and tells how where it may not', async () => {
    const request = { ...ask('What is new?'), maxWebSearches: 1 };
    const { events } = await readAll(eventsOf(provider, request, never));
    expect(events.filter(({ type }) => type === 'citation').length).toBeGreaterThan(1);
    expect(events.at(-1)).toMatchObject({ usage: { webSearches: 1 } });
    expect(await answerTo('search')).toContain('--web');
  });

  it('speaks at a pace at which one can read, word by word', async () => {
    const { events } = await readAll(eventsOf(provider, ask('Why is the sky blue?'), never));
    const words = textOf(events).trim().split(/\s+/).length;
    // The first one is before the answer, the last one for the end of its body.
    const wordWaits = clock.waits.slice(1, -1);
    expect(wordWaits).toHaveLength(words);
    for (const waitMs of wordWaits) expect(1_000 / waitMs).toBeCloseTo(35);
  });

  it('keeps the connection alive while it is slow', async () => {
    await answerTo('slow');
    const thinkingMs = clock.waits.filter((waitMs) => waitMs === 1_000).length * 1_000;
    expect(thinkingMs).toBeGreaterThanOrEqual(5_000);
  });

  it('bills as the model would', async () => {
    const { events } = await readAll(eventsOf(provider, ask('Why is the sky blue?'), never));
    const done = events.at(-1);
    if (done?.type !== 'done' || !done.usage) throw new Error('no usage came');
    const { promptTokens, completionTokens, costNanoUsd } = done.usage;
    expect(completionTokens).toBeGreaterThan(50);
    expect(costNanoUsd).toBe(promptTokens * 2_500 + completionTokens * 10_000);
  });

  it('lists the models that it stands in for', async () => {
    expect(await provider.models(never)).toMatchObject([
      { id: MODEL.id, name: 'GPT-4o', contextTokens: 128_000, prices: { promptPicoUsd: 2_500_000 } },
    ]);
  });

  it('refuses what is no chat request', async () => {
    for (const body of ['not JSON', '{}', '{"model":"m","messages":[]}']) {
      const response = await fetch(`${demo.baseUrl}/chat/completions`, { method: 'POST', body });
      expect(response.status).toBe(400);
    }
    expect((await fetch(`${demo.baseUrl}/elsewhere`)).status).toBe(404);
  });

  it('stops talking when the listener leaves', async () => {
    const slowClock = createFakeClock();
    const other = await startDemoProvider({
      models: [MODEL],
      clock: slowClock,
      log: createLogRecorder().log,
    });
    const events = eventsOf(clientOf(other, clock), ask('code'), never);
    await events.next();
    expect(slowClock.pending).toBe(1);
    await events.return();
    while (slowClock.pending > 0) await new Promise((resolve) => setImmediate(resolve));
    await other.stop();
  });

  it('stops in the middle of an answer', async () => {
    const slowClock = createFakeClock();
    const other = await startDemoProvider({
      models: [MODEL],
      clock: slowClock,
      log: createLogRecorder().log,
    });
    const reading = readAll(eventsOf(clientOf(other, clock), ask('code'), never));
    while (slowClock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
    await slowClock.advance(1_000);
    await other.stop();
    expect((await reading).error).toMatchObject({ code: 'cut_off' });
    expect(slowClock.pending).toBe(0);
  });
});
