import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/kit/time/clock.ts';
import { PlaceGone, PlaceLocked } from '../../src/core/ports/delivery-errors.ts';
import { filePart } from '../../src/core/ports/parts.ts';
import { StoreError } from '../../src/core/ports/store.ts';
import { openStore } from '../../src/store/open-store.ts';
import { valuesOf } from '../support/changes.ts';
import { event } from '../support/provider/chunks.ts';
import { json } from '../support/provider/fake-provider.ts';
import { createLogRecorder } from '../support/provider/test-client.ts';
import { tapStore } from '../support/tapped-store.ts';
import {
  createTestBot,
  invocationOf,
  messageOf,
  pressOf,
  type TestBot,
  testSurface,
} from '../support/test-bot.ts';
import { waitUntil } from '../support/wait-until.ts';

let bot: TestBot;
/** The call that the store rejects, such as `read stops`. */
let broken: string;

beforeEach(async () => {
  broken = '';
  const { log } = createLogRecorder();
  const store = await openStore('memory:', { clock: systemClock, log });
  onTestFinished(() => store.close());
  bot = await createTestBot({
    store: tapStore(store, ({ kind, namespace }) => {
      if (`${kind} ${namespace}` === broken) throw new StoreError('the disk is full');
    }),
    defaultTier: 'premium',
    defaultModel: 'openai/gpt-4o-mini',
    automatic: new Set(['titles']),
  });
});
afterEach(() => bot.close());

const place = { key: 'thread' };
const unheard = async () => {
  throw new Error('nobody hears it');
};

async function ask(more: Partial<Parameters<typeof messageOf>[1]> = {}) {
  const asked = messageOf('Why?', { id: 'question', place, ...more });
  await bot.dispatch.message(asked);
  return { ...asked, answerId: asked.surface.shown?.buttons[0]?.answerId ?? '' };
}

async function answered() {
  bot.provider.answer('Because.', { prompt_tokens: 20, completion_tokens: 6, cost: 0.01 });
  return ask();
}

const ID = expect.stringMatching(/^[\w-]{20,}$/);
const MS = expect.any(Number);
/** What every line about an answer has. */
const ABOUT = {
  event: 'question',
  user: 'mia',
  answer: ID,
  guild: 'discord:1',
  model: 'openai/gpt-4o-mini',
  provider: 'openrouter',
  payer: 'operator',
  tier: 'premium',
  delivered: true,
  durationMs: MS,
  endLagMs: MS,
};

/** By entry in the log: its level, its fields, and how it comes about. */
const LINES: Readonly<Record<string, readonly [number, object, () => Promise<unknown>]>> = {
  answered: [
    30,
    { ...ABOUT, status: 'complete', failure: null, firstTextMs: MS, tokens: 26, costNanoUsd: 10_000_000 },
    answered,
  ],
  'an answer was stopped': [
    30,
    { ...ABOUT, status: 'stopped', failure: null, firstTextMs: MS, tokens: MS, costNanoUsd: MS },
    async () => {
      const live = bot.provider.live();
      const asked = messageOf('Why?', { id: 'question', place });
      const done = bot.dispatch.message(asked);
      await live.text('Because');
      await waitUntil(() => expect(asked.surface.text).toBe('Because'));
      await bot.dispatch.retract('question');
      await done;
    },
  ],
  'an answer failed': [
    30,
    {
      ...ABOUT,
      status: 'failed',
      failure: 'no_credit',
      httpStatus: 402,
      reason: 'insufficient_quota',
      firstTextMs: null,
      tokens: 0,
      costNanoUsd: 0,
    },
    async () => {
      bot.provider.script(json(402, { error: { code: 'insufficient_quota', message: 'no money' } }));
      await ask();
    },
  ],
  'could not remove the buttons of an older answer': [
    40,
    { answer: ID, err: 'nobody hears it' },
    async () => {
      const { answerId } = await answered();
      bot.provider.answer('Therefore.');
      await bot.dispatch.press({ ...pressOf('retry', answerId, { place }), retire: unheard });
    },
  ],
  'could not delete an answer': [
    40,
    { event: 'deletion', err: 'nobody hears it' },
    async () => {
      const asked = await answered();
      const surface = testSurface({ isPrivate: true });
      const message = asked.surface.messages[0]?.key ?? '';
      const { actor } = asked;
      await bot.dispatch.deleteAnswer({
        ...{ id: 'deletion', actor, place: asked.place, surface, message },
        isOwn: true,
        remove: unheard,
      });
      expect(surface.privateTexts).toEqual([
        {
          text: 'I could not delete all messages of this answer. Delete them yourself or ask an admin. I no longer remember the answer.',
        },
      ]);
    },
  ],
  'could not tell the asker the other remarks on an answer': [
    40,
    { event: 'question', err: 'nobody hears it' },
    async () => {
      const surface = Object.assign(testSurface(), { tellPrivately: unheard });
      const file = { mediaType: 'video/mp4', sizeBytes: 1, reference: '' };
      const brought = Array.from({ length: 9 }, (_, index) =>
        filePart({ ...file, name: `${'film '.repeat(8)}${index}.mp4` }),
      );
      bot.provider.answer('Nice.');
      await ask({ surface, brought });
      expect(surface.shown?.note).toMatch(/There is more: only the person who asked sees it\.$/);
    },
  ],
  'could not tell the asker that the bot may not post': [
    40,
    { event: 'question', err: 'nobody hears it' },
    async () => {
      const surface = Object.assign(testSurface(), { tellPrivately: unheard });
      surface.fail({ error: new PlaceGone('forbidden', { advice: 'An admin must let me post.' }) });
      bot.provider.answer('Because.');
      await ask({ surface });
    },
  ],
  'could not tell the asker that the place is locked': [
    40,
    { event: 'question', err: 'nobody hears it' },
    async () => {
      const surface = Object.assign(testSurface({ reference: 'place' }), { tellPrivately: unheard });
      surface.fail({ error: new PlaceLocked('thread') });
      bot.provider.answer('Because.');
      await ask({ surface });
      const [key = ''] = await Array.fromAsync(bot.store.keys('held', ''));
      const { value } = await valuesOf(bot.store, 'answers').get(key.slice(key.lastIndexOf('/') + 1));
      expect(value.held).toMatchObject({ at: 'thread', reference: 'place#0', tries: 0 });
    },
  ],
  'could not tell the asker about a fault': [
    40,
    { event: 'question', err: 'nobody hears it' },
    async () => {
      const surface = Object.assign(testSurface(), { tellPrivately: unheard });
      await bot.dispatch.command(invocationOf('help', {}, { surface, id: 'question' }));
    },
  ],
  'could not find the previous answer; posting the new one below it': [
    40,
    { answer: ID, err: 'nobody hears it' },
    async () => {
      bot.finders.push({ reopen: unheard });
      const live = bot.provider.live();
      const surface = testSurface({ reference: 'place' });
      const asked = messageOf('Why?', { id: 'question', place, surface });
      const done = bot.dispatch.message(asked);
      await live.text('Because');
      await waitUntil(() => expect(surface.text).toBe('Because'));
      bot.provider.answer('Therefore.');
      await bot.dispatch.edited({
        message: { ...asked, parts: [{ type: 'text', text: 'Who?' }] },
        editedAt: '2',
      });
      await done;
    },
  ],
  'could not name a thread': [
    40,
    { err: 'nobody hears it' },
    async () => {
      bot.provider.answer('Because.');
      bot.provider.answer('Reasons');
      await ask({ surface: Object.assign(testSurface(), { rename: unheard }) });
    },
  ],
  'ignored a repeated event': [
    20,
    { event: 'question' },
    async () => {
      await answered();
      await ask();
    },
  ],
  'the bot joined a new place': [
    30,
    { place: 'club', isSaid: false },
    () =>
      bot.dispatch.joined({
        ...{ guild: 'discord:1', id: 'club', atMs: Date.now(), where: 'to **Club**' },
        introduce: async () => false,
      }),
  ],
  'could not read requests to stop answers': [
    40,
    { answer: ID, err: 'the disk is full' },
    async () => {
      bot.provider.answer('Because.');
      const surface = Object.assign(testSurface(), {
        // Not earlier: a question is not taken up without them.
        async obstacle() {
          broken = 'read stops';
          return null;
        },
      });
      await ask({ surface });
    },
  ],
  'could not read whether a provider is paused': [
    40,
    { err: 'the disk is full' },
    async () => {
      broken = 'read route-failures';
      await answered();
    },
  ],
  "could not count a provider's failure": [
    40,
    { route: 'openrouter/openai/gpt-4o-mini', err: 'the disk is full' },
    async () => {
      broken = 'write route-failures';
      bot.provider.script(json(503, { error: { code: 503, message: 'down' } }));
      await ask();
    },
  ],
  'could not delete a forgotten question': [
    50,
    { answer: ID, err: 'the disk is full' },
    async () => {
      const live = bot.provider.live();
      const surface = testSurface();
      const breaking = ({ status }: { readonly status: string }) => {
        if (status === 'stopped') broken = 'write answers';
        return false;
      };
      surface.fail({ error: 'silence', matches: breaking });
      const done = ask({ surface });
      await live.text('Because');
      await waitUntil(() => expect(surface.text).toBe('Because'));
      await bot.dispatch.command(invocationOf('forget', {}, { place }));
      await done;
    },
  ],
  'handling messages written while the bot was away': [
    30,
    { event: 'question', missed: 1 },
    async () => {
      bot.provider.answer('Because.');
      const message = messageOf('Why?', { id: 'question', place });
      await bot.dispatch.missed([{ message, atMs: Date.now() }]);
    },
  ],
};

it.each(Object.entries(LINES))('an operator finds in the log: %s', async (words, [level, fields, happen]) => {
  await happen();
  const found = () =>
    bot
      .logged()
      .split('\n')
      .filter((line) => line.includes(`"msg":"${words}"`));
  await waitUntil(() => expect(found()).toHaveLength(1));
  const { time: _, pid: __, hostname: ___, err, ...line } = JSON.parse(found()[0] ?? '');
  expect(err === undefined ? line : { ...line, err: err.message }).toEqual({ level, msg: words, ...fields });
});

it('an answer that fails inside the bot has its fault in the log, and the asker is told so', async () => {
  bot.provider.script((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(event({ choices: [{ delta: { reasoning: 'Hm.' } }] }));
  });
  const surface = Object.assign(testSurface(), {
    think() {
      throw new Error('a bug');
    },
  });
  await ask({ surface });
  const [line] = bot
    .logged()
    .split('\n')
    .filter((each) => each.includes('an answer failed'));
  expect(JSON.parse(line ?? '')).toMatchObject({ failure: 'internal', err: { message: 'a bug' } });
  expect(surface.shown?.note).toBe(
    'Something went wrong inside the bot. Try again; if it keeps happening, tell the operator of this bot; the log has the details.',
  );
});
