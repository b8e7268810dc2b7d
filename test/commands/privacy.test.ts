import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUsageLog } from '../../src/core/ledger/usage.ts';
import type { GuildId } from '../../src/core/ports/actor.ts';
import { limitsSchema, UNLIMITED_GUILD as NO_LIMIT } from '../../src/core/ports/limits.ts';
import { valuesOf } from '../support/changes.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { tapStore } from '../support/tapped-store.ts';
import {
  createTestBot,
  invocationOf,
  messageOf,
  pressOf,
  type TestBot,
  type TestEvent,
  testActor,
} from '../support/test-bot.ts';

const GEMINI = 'google/gemini-2.0-flash-001:free';
const here: GuildId = 'discord:1';
const asAdmin = { actor: testActor('ada', { isAdmin: true }) };
const thread = (key: string) => ({ place: { key } });

let bot: TestBot;

beforeEach(async () => {
  bot = await createTestBot({ operators: ['discord:olga'] });
});

afterEach(() => bot.close());

async function run(command: string, options: Record<string, unknown>, event: TestEvent = {}) {
  const invocation = invocationOf(command, options, event);
  await bot.dispatch.command(invocation);
  expect(invocation.surface.messages).toEqual([]);
  const [notice] = invocation.surface.privateTexts;
  return { text: notice?.text ?? '', files: notice?.files ?? [] };
}

/** Somebody asks in a thread; resolves to the id on the answer's buttons. */
async function talk(user: string, question: string, key: string, guild: GuildId = here): Promise<string> {
  bot.provider.answer(`An answer to ${question}`, { prompt_tokens: 10, completion_tokens: 5, cost: 0 });
  const asked = messageOf(question, { ...thread(key), actor: testActor(user, { guild }) });
  await bot.dispatch.message(asked);
  return asked.surface.shown?.buttons[0]?.answerId ?? '';
}

const usage = () => createUsageLog(bot.store.records);

async function requestsOf(user: string, guild: GuildId = here): Promise<number> {
  return (await Array.fromAsync(usage().query({ of: { guild, user } }))).length;
}

/** The messages that the model gets in a thread before the next question. */
async function rememberedIn(key: string): Promise<string> {
  const count = bot.provider.chats.length;
  await talk('max', 'And now?', key);
  return bot.provider.chats[count]?.body.messages
    .slice(1, -1)
    .map(({ content }: { content: string }) => content)
    .join('\n');
}

/** Everything in the store's values, as text. */
async function dump(): Promise<string> {
  const found: string[] = [];
  for (const namespace of ['conversations', 'answers', 'settings']) {
    for await (const entry of valuesOf(bot.store, namespace).entries()) {
      found.push(JSON.stringify(entry));
    }
  }
  return found.join('\n');
}

describe('/forget', () => {
  it('of a conversation forgets its choice of model, and what its buttons stood for', async () => {
    const answer = await talk('mia', 'My secret?', 'thread 1');
    await run('model', { model: GEMINI }, thread('thread 1'));
    expect((await run('forget', {}, thread('thread 1'))).text).toMatch(/Deleted this conversation/);
    expect(await dump()).not.toMatch(/secret|gemini/);
    const retry = pressOf('retry', answer, thread('thread 1'));
    await bot.dispatch.press(retry);
    expect(retry.surface.privateTexts[0]?.text).toMatch(/has expired/);
  });

  it.each(['conversation', 'myself', 'guild'])(
    'of %s ends listening in the thread: what is written there next is not heard, and a mention begins anew',
    async (what) => {
      await talk('mia', 'My secret?', 'thread 1');
      const { text } = await run(
        'forget',
        { what, sure: 'yes' },
        { ...thread('thread 1'), actor: testActor('mia', { isAdmin: true }) },
      );
      expect(text).toMatch(/^Deleted/);
      bot.provider.answer('Who are you?');
      const next = messageOf('And now?', {
        ...thread('thread 1'),
        actor: testActor('mia'),
        addressed: false,
      });
      await bot.dispatch.message(next);
      expect(next.surface.text).toBe('');
      const mention = messageOf('And now?', { ...thread('thread 1'), actor: testActor('mia') });
      await bot.dispatch.message(mention);
      expect(mention.surface.text).toBe('Who are you?');
      expect(JSON.stringify(bot.provider.chats.at(-1)?.body)).not.toContain('secret');
    },
  );

  it('of myself forgets my questions, their answers and what they cost, here and nobody else’s', async () => {
    await talk('mia', 'Mia one', 'thread 1');
    await talk('ben', 'Ben one', 'thread 1');
    await talk('mia', 'Mia two', 'thread 2');
    await talk('mia', 'Mia elsewhere', 'thread 3', 'discord:2');
    expect((await run('forget', { what: 'myself', sure: 'yes' })).text).toMatch(
      /^Deleted 2 questions of yours with their answers, and the cost of 2 requests?\./,
    );
    expect(await dump()).not.toMatch(/Mia one|Mia two/);
    // One for the answer to Ben, one for that elsewhere.
    expect(await Array.fromAsync(bot.store.keys('answer-messages', ''))).toHaveLength(2);
    expect(await rememberedIn('thread 1')).toBe('Ben: Ben one\nAn answer to Ben one');
    expect(await dump()).toContain('Mia elsewhere');
    expect([await requestsOf('mia'), await requestsOf('ben'), await requestsOf('mia', 'discord:2')]).toEqual([
      0, 1, 1,
    ]);
  });

  it('of myself counts one as one, and says where there is nothing', async () => {
    await talk('mia', 'Mia one', 'thread 1');
    expect((await run('forget', { what: 'myself', sure: 'yes' })).text).toMatch(
      /^Deleted 1 question of yours with its answer, and the cost of 1 request\./,
    );
    expect((await run('forget', { what: 'myself', sure: 'yes' })).text).toMatch(
      /^No questions of yours are stored here\. Messages already posted/,
    );
  });

  it('of myself stops what is being written for me, and keeps none of it', async () => {
    await talk('ben', 'Ben one', 'thread 1');
    const live = bot.provider.live();
    const asked = messageOf('Mia asks', thread('thread 1'));
    const done = bot.dispatch.message(asked);
    await live.request;
    await live.text('Something');
    await run('forget', { what: 'myself', sure: 'yes' });
    await done;
    expect(asked.surface.shown?.note).toMatch(/conversation was deleted/);
    expect(await dump()).not.toContain('Something');
    expect(await requestsOf('mia')).toBe(0);
    expect(await rememberedIn('thread 1')).not.toContain('Mia asks');
  });

  it('of myself leaves nothing of a question that is being stored', async () => {
    let isAsked = false;
    const store = tapStore(bot.store, async ({ kind, namespace }) => {
      if (kind !== 'write' || namespace !== 'answers' || isAsked) return;
      isAsked = true;
      await other.services.privacy.forgetPerson(here, 'mia');
    });
    const other = await createTestBot({ store, provider: bot.provider });
    await other.dispatch.message(messageOf('Hi', { ...thread('a'), actor: testActor('mia') }));
    await other.close();
    expect(isAsked).toBe(true);
    expect(await Array.fromAsync(bot.store.keys('answers', ''))).toEqual([]);
  });

  it('of a conversation is for admins where somebody else’s question is being answered in it', async () => {
    await talk('mia', 'Mia one', 'thread 1');
    const live = bot.provider.live();
    const asked = messageOf('Ben asks', { ...thread('thread 1'), actor: testActor('ben') });
    const done = bot.dispatch.message(asked);
    await live.request;
    expect((await run('forget', {}, thread('thread 1'))).text).toMatch(/^Other people took part/);
    await live.text('For Ben.');
    await live.finish({ prompt_tokens: 1, completion_tokens: 1, cost: 0 });
    await done;
    expect(asked.surface.shown).toMatchObject({ text: 'For Ben.', status: 'complete' });
    expect(await rememberedIn('thread 1')).toContain('For Ben.');
  });

  it('of a conversation is for admins where somebody else asked, long after their buttons have expired', async () => {
    await valuesOf(bot.store, 'answers').delete(await talk('ben', 'Ben one', 'thread 1'));
    await talk('mia', 'Mia one', 'thread 1');
    expect((await run('forget', {}, thread('thread 1'))).text).toMatch(/^Other people took part/);
    expect(await rememberedIn('thread 1')).toContain('Ben one');
  });

  it('and /export pass over what cannot be read of others', async () => {
    await talk('mia', 'Mia one', 'thread 1');
    await valuesOf(bot.store, 'answers').set('damaged', 'garbage');
    expect((await run('export', {})).text).toMatch(/^Everything stored/);
    expect((await run('forget', { what: 'myself', sure: 'yes' })).text).toMatch(/^Deleted 1 question/);
    expect(await dump()).not.toContain('Mia one');
    expect((await run('forget', { what: 'guild', sure: 'yes' }, asAdmin)).text).toMatch(/^Deleted/);
  });

  it('of a guild is for its admins, forgets all of it, and leaves other guilds and the limits’ counters alone', async () => {
    await talk('mia', 'Mia here', 'thread 1');
    await talk('mia', 'Mia elsewhere', 'thread 2', 'discord:2');
    await run('model', { model: GEMINI, scope: 'guild' }, asAdmin);
    await run('model', { model: GEMINI, scope: 'channel' }, asAdmin);
    expect((await run('forget', { what: 'guild', sure: 'yes' })).text).toMatch(/^Only an admin/);
    const stranger = { actor: testActor('eve', { guild: 'discord:2', isAdmin: true }) };
    const levels = () => bot.ledger.levels({ guild: here, user: 'mia', payer: 'operator' }, NO_LIMIT);
    const before = await levels();
    expect((await run('forget', { what: 'guild', sure: 'yes' }, asAdmin)).text).toMatch(
      /^Deleted 1 conversation, all model choices, instructions and personas, and the cost of 1 request\./,
    );
    expect(await dump()).not.toMatch(/Mia here|gemini/);
    expect(await dump()).toContain('Mia elsewhere');
    expect(await levels()).toEqual(before);
    expect((await run('forget', { what: 'guild', sure: 'yes' }, stranger)).text).toMatch(/1 conversation/);
    expect(await Array.fromAsync(bot.services.audit.query({ of: { guild: here } }))).toMatchObject([
      { action: 'guild.forget', by: 'discord:ada' },
      { action: 'settings.change', by: 'discord:ada' },
      { action: 'settings.change', by: 'discord:ada' },
    ]);
  });
});

describe('/export', () => {
  it('gives the asker alone a file with all that is stored about them here', async () => {
    await talk('mia', 'Mia one', 'thread 1');
    await talk('ben', 'Ben one', 'thread 1');
    await talk('mia', 'Mia elsewhere', 'thread 2', 'discord:2');
    await bot.services.limits.change({
      guild: here,
      layer: { user: 'mia' },
      limit: 'requestsPerUserPerDay',
      most: 7,
      by: 'discord:ada',
    });
    const { text, files } = await run('export', {});
    expect(text).toMatch(/1 question with its answer, and the cost of 1 request/);
    expect(files).toMatchObject([{ name: 'parley-data.json', mediaType: 'application/json' }]);
    const data = JSON.parse(Buffer.from(files[0]?.bytes ?? []).toString());
    expect(data).toMatchObject({
      guild: here,
      user: 'mia',
      turns: [{ question: 'Mia one', answer: 'An answer to Mia one' }],
      answers: [{ question: 'Mia one' }],
      requests: [{ promptTokens: 10, completionTokens: 5 }],
      limits: { requestsPerUserPerDay: 7 },
      changes: [],
    });
    expect(JSON.stringify(data)).not.toMatch(/Ben|elsewhere/);
  });

  it('has each kind of thing that is stored about a person, and nothing of other people or places', async () => {
    const nowMs = Date.now();
    const { store, services } = bot;
    const answer = { model: GEMINI, status: 'complete', askedAtMs: 1 } as const;
    const turnOf = (id: string, user: string, more = {}) => ({
      id,
      user,
      author: user,
      question: `${id}?`,
      answer: `${id}.`,
      ...answer,
      ...more,
    });
    const quote = {
      type: 'quoted',
      why: 'thread',
      author: { user: 'mia', name: 'Mia' },
      text: 'I said.',
      files: [],
    };
    const file = { type: 'file', name: 'a', mediaType: 'text/plain', sizeBytes: 1, reference: 'r' };
    const [one, two] = [`${here}/one`, `${here}/two`];
    const conversations = valuesOf(store, 'conversations');
    const put = (id: string, value: object) => conversations.set(id, { version: 1, value: { id, ...value } });
    await put(one, {
      turns: [turnOf('a', 'mia'), turnOf('b', 'ben', { brought: [quote, file] })],
      instructions: { text: 'Be kind.', by: 'mia' },
      summary: { text: 'So far.', through: 'a', people: ['ben', 'mia'] },
    });
    await put(two, {
      turns: [turnOf('c', 'ben')],
      instructions: { text: 'Be bold.', by: 'ben' },
      summary: { text: 'Other.', through: 'c', people: ['ben'] },
    });
    await put('discord:12/one', { turns: [turnOf('d', 'mia')] });
    for (const [guild, user] of [
      [here, 'mia'],
      [here, 'ben'],
      ['discord:12', 'mia'],
    ] as const) {
      const about = { guild, user, userName: user, model: GEMINI } as const;
      await services.feedback.append({ ...about, atMs: nowMs, answer: 'x', verdict: 'bad', reason: 'No.' });
      await services.settings.changePerson(guild, user, { whole: true });
      const limit = { limit: 'requestsPerUserPerDay', most: 7, by: `discord:${user}` } as const;
      await services.limits.change({ ...limit, guild, layer: { user } });
    }
    expect(await services.privacy.dataOf(here, 'mia')).toEqual({
      guild: here,
      user: 'mia',
      exportedAtMs: expect.any(Number),
      turns: [{ conversation: one, ...turnOf('a', 'mia') }],
      quotes: [{ conversation: one, text: 'I said.' }],
      instructions: [{ conversation: one, text: 'Be kind.' }],
      summaries: [{ conversation: one, text: 'So far.' }],
      answers: [],
      requests: [],
      choices: { whole: true },
      feedback: [
        {
          guild: here,
          user: 'mia',
          userName: 'mia',
          model: GEMINI,
          atMs: nowMs,
          answer: 'x',
          verdict: 'bad',
          reason: 'No.',
        },
      ],
      limits: { requestsPerUserPerDay: 7 },
      changes: [expect.objectContaining({ action: 'limits.change', by: 'discord:mia', guild: here })],
    });

    // Limits and the audit log are others' decisions.
    expect(await services.privacy.forgetPerson(here, 'mia')).toEqual({
      remembered: 1,
      requests: 0,
      unsettled: 0,
    });
    expect(await services.privacy.dataOf(here, 'mia')).toMatchObject({
      ...{ turns: [], quotes: [], instructions: [], summaries: [], choices: {}, feedback: [] },
      ...{ limits: { requestsPerUserPerDay: 7 }, changes: [{ action: 'limits.change' }] },
    });
    expect(await services.privacy.dataOf('discord:12', 'mia')).toMatchObject({
      ...{ turns: [{ id: 'd' }], choices: { whole: true }, feedback: [{ verdict: 'bad' }] },
    });
    expect(await services.privacy.dataOf(here, 'ben')).toMatchObject({
      ...{ turns: [{ id: 'b' }, { id: 'c' }], choices: { whole: true }, feedback: [{ verdict: 'bad' }] },
    });

    expect(await services.privacy.forgetGuild(here, 'discord:ada')).toEqual({
      remembered: 2,
      requests: 0,
      unsettled: 0,
    });
    expect(await services.privacy.dataOf(here, 'ben')).toMatchObject({
      turns: [],
      choices: {},
      feedback: [],
    });
    const [entry] = await Array.fromAsync(services.audit.query({ of: { guild: here } }));
    expect(entry).toMatchObject({
      by: 'discord:ada',
      action: 'guild.forget',
      from: 'conversations, choices, instructions, personas and costs',
      to: null,
      reason: '',
    });
    expect(await services.privacy.dataOf('discord:12', 'mia')).toMatchObject({ turns: [{ id: 'd' }] });
  });

  it('holds what an operator changed', async () => {
    const asOperator = { actor: testActor('olga') };
    await run('tier', { action: 'grant', tier: 'premium' }, asOperator);
    const { files } = await run('export', {}, asOperator);
    expect(JSON.parse(Buffer.from(files[0]?.bytes ?? []).toString()).changes).toMatchObject([
      { action: 'tier.grant', to: 'premium' },
    ]);
  });

  it('is compressed where a platform would not take it as it is', async () => {
    const conversation = await bot.services.chat.openConversation({ guild: here, channel: 'c', key: 'big' });
    const turn = { user: 'mia', author: 'Mia', model: GEMINI, status: 'complete', askedAtMs: 0, tokens: 1 };
    await valuesOf(bot.store, 'conversations').set(conversation.id, {
      version: 1,
      value: {
        id: conversation.id,
        turns: [{ ...turn, id: 't', question: 'Long?', answer: 'long '.repeat(2_000_000) }],
      },
    });
    const { files } = await run('export', {});
    expect(files).toMatchObject([{ name: 'parley-data.json.gz' }]);
    expect(JSON.parse(gunzipSync(files[0]?.bytes ?? new Uint8Array()).toString()).turns).toHaveLength(1);
  });
});

describe('the records of other guilds', () => {
  it('are not read by /export and /forget', async () => {
    await talk('ada', 'Here?', 'here');
    for (const guild of ['discord:2', 'discord:3'] as const)
      await talk('ada', 'There?', `at ${guild}`, guild);
    const listed: string[] = [];
    const read: string[] = [];
    const counting = await createTestBot({
      store: {
        ...tapStore(bot.store, ({ kind, key }) => kind === 'read' && read.push(key)),
        async *keys(namespace, prefix) {
          for await (const key of bot.store.keys(namespace, prefix)) {
            listed.push(key);
            yield key;
          }
        },
      },
    });
    try {
      // The first looks once for answers whose ids are of version 0.1.0.
      await counting.dispatch.command(invocationOf('export', {}, { actor: testActor('ada') }));
      listed.length = 0;
      for (const [command, options] of [
        ['export', {}],
        ['forget', { what: 'myself', sure: 'yes' }],
      ] as const) {
        await counting.dispatch.command(invocationOf(command, options, { actor: testActor('ada') }));
      }
      expect(listed).toHaveLength(4);
      expect([...listed, ...read].filter((key) => /discord:[23]/.test(key))).toEqual([]);
    } finally {
      await counting.close();
    }
  });
});

describe('/export and /forget', () => {
  it('can be used ten times in ten minutes by one person, and no more', async () => {
    for (let time = 0; time < 10; time++) await run('export', {}, { actor: testActor('ada') });
    const event = { actor: testActor('ada') };
    expect((await run('forget', { what: 'myself', sure: 'yes' }, event)).text).toMatch(
      /too often.*Try again in about 10 minutes/,
    );
    expect((await run('export', {}, event)).files).toEqual([]);
    expect((await run('export', {}, { actor: testActor('ben') })).files).toHaveLength(1);
  });

  it('find answers whose ids are of version 0.1.0', async () => {
    await talk('ada', 'New?', 'here');
    const answers = valuesOf(bot.store, 'answers');
    const [id = ''] = await Array.fromAsync(bot.store.keys('answers', ''));
    const { version, value } = (await answers.get(id)) as { version: number; value: object };
    const old = 'x'.repeat(24);
    await answers.set(old, { version, value: { ...value, id: old } });
    const { files } = await run('export', {}, { actor: testActor('ada') });
    expect(Buffer.from(files[0]?.bytes ?? []).toString()).toContain(old);
    await run('forget', { what: 'myself', sure: 'yes' }, { actor: testActor('ada') });
    expect(await answers.get(old)).toBeUndefined();
  });
});

describe('a question that was edited after its answer had ended', () => {
  async function edit(question: string, key: string) {
    bot.provider.answer('First.');
    const asked = messageOf('First wording', { ...thread(key), actor: testActor('mia') });
    await bot.dispatch.message(asked);
    const { surface: _, ...message } = asked;
    const parts = [{ type: 'text', text: question } as const];
    await bot.dispatch.edited({ message: { ...messageOf(question), ...message, parts }, editedAt: '1' });
    return asked.id;
  }

  it('is in what /export gives, and gone with /forget', async () => {
    const id = await edit('Second wording', 'a');
    const exported = async () => (await bot.services.privacy.dataOf(here, 'mia')).answers;
    expect(await exported()).toMatchObject([
      { question: 'First wording', edited: { question: 'Second wording' } },
    ]);
    expect(await bot.services.chat.wasAsked(id)).toBe(true);
    expect((await run('forget', { what: 'myself', sure: 'yes' }, { actor: testActor('mia') })).text).not.toBe(
      '',
    );
    expect(await exported()).toEqual([]);
    expect(await bot.services.chat.wasAsked(id)).toBe(false);
  });

  it('is kept nowhere with a key in it', async () => {
    await edit(`Is sk-or-v1-${'aB3dE5gH7jK9mN1p'.repeat(4)} right?`, 'b');
    const [record] = (await bot.services.privacy.dataOf(here, 'mia')).answers;
    expect(record).not.toHaveProperty('edited');
  });

  it('is not asked by itself where there was a refusal alone', async () => {
    const limits = limitsSchema.parse({ free: { requestsPerUserPerDay: 1 } });
    const limited = await createTestBot({ limits });
    for (const question of ['First', 'Second']) {
      const asked = messageOf(question, { ...thread('c'), actor: testActor('mia') });
      limited.provider.answer('An answer.');
      await limited.dispatch.message(asked);
      if (question === 'First') continue;
      expect(asked.surface.privateTexts[0]?.text).toContain('limit');
      const parts = [{ type: 'text', text: 'Third' } as const];
      await limited.dispatch.edited({ message: { ...asked, parts }, editedAt: '1' });
      expect(asked.surface.privateTexts).toHaveLength(1);
    }
    expect(limited.provider.chats).toHaveLength(1);
    await limited.close();
  });
});

describe('what is deleted waits for requests that are not paid yet', () => {
  /** Deletes all of the guild's data while a request is open; `during` happens a second later. */
  async function forgetDuring(during: (clock: FakeClock, settle: () => Promise<void>) => Promise<void>) {
    const clock = createFakeClock();
    const own = await createTestBot({ clock });
    const open = async (id: string) => {
      const request = { id, guild: here, user: 'mia', payer: 'operator', model: 'm', provider: 'p' } as const;
      const reserved = await own.ledger.reserve({ ...request, worstNanoUsd: 1_000, limits: NO_LIMIT });
      if (!reserved.ok) throw new Error('there is no limit');
      return reserved;
    };
    const first = await open('r1');
    const startMs = clock.now();
    let afterSeconds: number | null = null;
    const forgotten = own.services.privacy.forgetGuild(here, 'discord:ada').finally(() => {
      afterSeconds = Math.round((clock.now() - startMs) / 1_000);
    });
    await clock.advance(1_000);
    expect(afterSeconds).toBeNull();
    await open('r2');
    const spent = { costNanoUsd: 5, promptTokens: 1, completionTokens: 1, basis: 'provider' } as const;
    await during(clock, async () => void (await first.settle(spent)));
    const { unsettled } = await forgotten;
    await own.close();
    return { unsettled, afterSeconds };
  }

  it('and not for those that begin meanwhile', async () => {
    const settleSoon = async (clock: FakeClock, settle: () => Promise<void>) => {
      await settle();
      await clock.advance(1_000);
    };
    expect(await forgetDuring(settleSoon)).toEqual({ unsettled: 0, afterSeconds: 1 });
  });

  it('for ten seconds, and then says how many there are', async () => {
    const waitOn = (clock: FakeClock) => clock.advance(12_000);
    const { unsettled, afterSeconds } = await forgetDuring(waitOn);
    expect(unsettled).toBe(1);
    // The second in which it began to wait may count or not.
    expect([10, 11]).toContain(afterSeconds);
  });
});
