import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { parseCatalogueFile } from '../../../src/core/catalogue/file.ts';
import { systemClock } from '../../../src/core/kit/time/clock.ts';
import { UNLIMITED_GUILD } from '../../../src/core/ports/limits.ts';
import { filePart } from '../../../src/core/ports/parts.ts';
import { StoreError } from '../../../src/core/ports/store.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { answer, json, type RecordedRequest, type Reply } from '../../support/provider/fake-provider.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';
import { tapStore } from '../../support/tapped-store.ts';
import {
  createTestBot,
  invocationOf,
  messageOf,
  type TestBot,
  type TestBotOptions,
  testActor,
} from '../../support/test-bot.ts';

let bot: TestBot;
afterEach(() => bot.close());

const place = { channel: 'c1', key: 'discord:c1/t1' };
const model = (id: string, price: number | null, contextTokens: number, more: object = {}) => ({
  id,
  name: id,
  tier: 'free',
  routes: [{ provider: 'openrouter' }],
  contextTokens,
  ...(price === null ? {} : { prices: { promptPerMillion: price, completionPerMillion: 4 * price } }),
  ...more,
});
/** A window of 4,000 tokens, and above it the cheapest one of those that are fit for a summary. */
const FILE = JSON.stringify({
  models: [
    model('lab/chat', 1, 6_000, { answerTokens: 800 }),
    model('lab/cheap', 0.1, 32_000),
    model('lab/cheaper-but-small', 0.05, 2_000),
    model('lab/cheaper-but-thinks', 0.05, 32_000, { reasoningInText: true }),
    model('lab/of-unknown-price', null, 32_000),
  ],
});

const FACT = /code of turn (\d+) is (\w+)/g;
const isSummary = ({ body }: Pick<RecordedRequest, 'body'>) =>
  String(body.messages[0].content).startsWith('Below is the older part');
const textIn = ({ body }: Pick<RecordedRequest, 'body'>): string =>
  body.messages.map(({ content }: { content: string }) => content).join('\n');

/** A model that knows what it is sent, and nothing else. */
const knowing: Reply = (response, request) => {
  const facts = new Map([...textIn(request).matchAll(FACT)].map(([fact, turn]) => [turn, fact]));
  if (isSummary(request)) return answer([...facts.values()].join('. '), USED)(response, request);
  const [, asked] = /What was the code of turn (\d+)\?/.exec(request.body.messages.at(-1).content) ?? [];
  const words =
    asked === undefined ? 'Noted. '.padEnd(300, 'So be it. ') : (facts.get(asked) ?? 'I do not know.');
  return answer(words, USED)(response, request);
};
const USED = { prompt_tokens: 1_000, completion_tokens: 100 };

async function start(options: TestBotOptions = {}) {
  bot = await createTestBot({
    file: parseCatalogueFile(FILE),
    defaultModel: 'lab/chat',
    readFile: async (reference) => new TextEncoder().encode(FILES.get(reference) ?? ''),
    ...options,
  });
  bot.provider.script(...Array.from({ length: 200 }, () => knowing));
}

const FILES = new Map<string, string>();

const TURNS_WITH_FILE = [2, 12, 17];

/** Some turns have their code in a file, the others in the words of the question. */
async function tell(turn: number, user = 'mia'): Promise<void> {
  const fact = `the code of turn ${turn} is CODE${turn}`;
  const padding = 'And some more words that nobody needs. '.repeat(30);
  FILES.set(`f${turn}`, `${padding}\n${fact}`);
  const file = filePart({
    name: `notes-${turn}.txt`,
    mediaType: 'text/plain',
    sizeBytes: 400,
    reference: `f${turn}`,
  });
  const message = TURNS_WITH_FILE.includes(turn)
    ? messageOf('Read this.', { place, actor: testActor(user), brought: [file] })
    : messageOf(`${padding}${fact}`, { place, actor: testActor(user) });
  await bot.dispatch.message(message);
  expect(message.surface.shown?.status).toBe('complete');
}

async function ask(turn: number) {
  const message = messageOf(`What was the code of turn ${turn}?`, { place });
  await bot.dispatch.message(message);
  return message.surface;
}

const chats = () => bot.provider.chats.filter((request) => !isSummary(request));
const summaries = () => bot.provider.chats.filter(isSummary);
const usage = () => Array.fromAsync(bot.services.usage.query({ of: { guild: 'discord:1' } }));
const conversation = async () => {
  const found = await bot.services.chat.conversationAt({ guild: 'discord:1', ...place });
  if (found === null) throw new Error('there is a conversation');
  return found;
};

describe('a long conversation', () => {
  it('is known from its beginning after 40 turns with files, in steps that leave the prompt as it was', async () => {
    await start();
    for (let turn = 1; turn <= 40; turn++) await tell(turn);
    for (const turn of [2, 3, 17, 40]) {
      expect((await ask(turn)).text).toBe(`code of turn ${turn} is CODE${turn}`);
    }
    // A question takes some 350 tokens with its answer, and a window has 4,000.
    expect(summaries().length).toBeGreaterThanOrEqual(2);
    expect(summaries().length).toBeLessThanOrEqual(8);
    for (const request of summaries()) expect(request.body.model).toBe('lab/cheap');
    for (const request of chats()) expect(textIn(request).length).toBeLessThan(4 * 4_000);
    const prefixes = chats().map(({ body }) => JSON.stringify(body.messages.slice(0, -1)).slice(0, -1));
    const isKept = (before: string, index: number) => prefixes[index + 1]?.startsWith(before) ?? true;
    const changes = prefixes.filter((before, index) => !isKept(before, index)).length;
    expect(changes).toBe(summaries().length);
  });

  it('is summarised for money and for no request, and shown with its cost', async () => {
    const tier = { ...UNLIMITED_GUILD, requestsPerUserPerDay: 30, requestsPerUserPerMinute: 30 };
    await start({
      limits: {
        tiers: { free: tier, openai: tier, openrouter: tier, premium: tier },
        installation: { nanoUsdPerDay: null, nanoUsdPerMonth: null },
      },
    });
    for (let turn = 1; turn <= 30; turn++) await tell(turn);
    const records = await usage();
    const automatic = records.filter(({ kind }) => kind === 'summaries');
    expect(automatic).toHaveLength(summaries().length);
    expect(automatic[0]).toMatchObject({
      user: 'mia',
      model: 'lab/cheap',
      payer: 'operator',
      basis: 'tokens',
    });
    expect(automatic[0]?.costNanoUsd).toBe(1_000 * 100 + 100 * 400);
    const levels = await bot.ledger.levels(
      { guild: 'discord:1', user: 'mia', payer: 'operator' },
      UNLIMITED_GUILD,
    );
    const used = Object.fromEntries(levels.map(({ limit, used }) => [limit, used]));
    expect(used).toMatchObject({
      requestsPerUserPerDay: 30,
      nanoUsdPerGuildPerDay: records.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0),
    });
    const asked = invocationOf('automatic', {}, { place, actor: testActor('ada', { isAdmin: true }) });
    await bot.dispatch.command(asked);
    expect(asked.surface.privateTexts[0]?.text).toMatch(
      /- Summaries of conversations .*: on · today: [\d,]+ tokens · \$0\.00\d+/,
    );
    const report = invocationOf(
      'usage',
      { of: 'here' },
      { place, actor: testActor('ada', { isAdmin: true }) },
    );
    await bot.dispatch.command(report);
    expect(report.surface.privateTexts[0]?.text).toMatch(/\*\*Automatic tasks\*\*\n- Summaries: /);
    expect(report.surface.privateTexts[0]?.text).toMatch(/- Today: 30 requests/);
  });

  it('shows its summary, its size and its price', async () => {
    await start();
    for (let turn = 1; turn <= 14; turn++) await tell(turn);
    const shown = invocationOf('context', {}, { place });
    await bot.dispatch.command(shown);
    const text = shown.surface.privateTexts[0]?.text ?? '';
    const before = bot.provider.chats.length;
    expect(text).toContain('Model: lab/chat');
    expect(text).toMatch(
      /Earlier messages: \d+ questions with their answers; a summary of everything before/,
    );
    expect(text).toMatch(/Files: notes-\d+\.txt/);
    expect(text).toContain('> code of turn 1 is CODE1. code of turn 2 is CODE2');
    const [, size = ''] = /Size: about ([\d,]+) of 4,000 tokens/.exec(text) ?? [];
    expect(Number(size.replace(',', ''))).toBeGreaterThan(500);
    expect(text).toMatch(/Next question: about \$0\.00\d+ for what is sent, at most \$0\.00\d+/);
    expect(bot.provider.chats.length).toBe(before);
  });

  it.each([
    ['fails', json(500, { error: { message: 'down' } })],
    ['is cut off', (response, request) => answer('', USED)(response, request)],
    ['is refused', json(402, { error: { code: 402, message: 'Insufficient credits' } })],
  ] as [string, Reply][])('is answered from what still fits if a summary %s', async (_, failure) => {
    await start();
    bot.provider.unscript();
    const choosy: Reply = (response, request) => (isSummary(request) ? failure : knowing)(response, request);
    bot.provider.script(...Array.from({ length: 100 }, () => choosy));
    for (let turn = 1; turn <= 14; turn++) await tell(turn);
    expect(summaries().length).toBeGreaterThan(0);
    expect((await ask(14)).text).toBe('code of turn 14 is CODE14');
    const shown = invocationOf('context', {}, { place });
    await bot.dispatch.command(shown);
    const counted = /: (\d+) questions with their answers; the (\d+) before that no longer fit\n/;
    const [, sent, leftOut] = counted.exec(shown.surface.privateTexts[0]?.text ?? '') ?? [];
    expect(Number(leftOut)).toBeGreaterThan(0);
    expect(Number(sent) + Number(leftOut)).toBe(15);
    expect((await ask(1)).text).toBe('I do not know.');
    expect((await conversation()).summary).toBeUndefined();
  });

  it('keeps its turns if the store does not take the summary, which is made again', async () => {
    let isFull = false;
    const log = createLogRecorder().log;
    const store = await openStore('memory:', { clock: systemClock, log });
    onTestFinished(() => store.close());
    await start({
      store: tapStore(store, ({ kind, namespace }) => {
        if (isFull && kind === 'write' && namespace === 'conversations') {
          isFull = false;
          throw new StoreError('disk I/O error');
        }
      }),
    });
    bot.provider.unscript();
    const spoiling: Reply = (response, request) => {
      isFull = isSummary(request) && summaries().length === 1;
      return knowing(response, request);
    };
    bot.provider.script(...Array.from({ length: 100 }, () => spoiling));
    for (let turn = 1; summaries().length === 0; turn++) await tell(turn);
    expect(bot.logged()).toContain('could not store a summary; it will be made again');
    expect((await conversation()).summary).toBeUndefined();
    await tell(20);
    expect(summaries()).toHaveLength(2);
    expect((await conversation()).summary).toBeDefined();
  });

  it('is summarised by nobody where an admin or the operator switched it off', async () => {
    await start();
    const admin = testActor('ada', { isAdmin: true });
    const refused = invocationOf('automatic', { what: 'summaries', state: 'off' }, { place });
    await bot.dispatch.command(refused);
    expect(refused.surface.privateTexts[0]?.text).toBe('Only an admin can switch this.');
    await bot.dispatch.command(
      invocationOf('automatic', { what: 'summaries', state: 'off' }, { place, actor: admin }),
    );
    for (let turn = 1; turn <= 14; turn++) await tell(turn);
    expect(summaries()).toEqual([]);
    await bot.dispatch.command(
      invocationOf('automatic', { what: 'summaries', state: 'on' }, { place, actor: admin }),
    );
    await tell(15);
    expect(summaries()).toHaveLength(1);
    await bot.close();
    await start({ automatic: new Set() });
    for (let turn = 1; turn <= 14; turn++) await tell(turn);
    expect(summaries()).toEqual([]);
    const shown = invocationOf('automatic', {}, { place });
    await bot.dispatch.command(shown);
    expect(shown.surface.privateTexts[0]?.text).toMatch(/Summaries .*: off for this installation\n/);
  });

  it('is summarised by its own model where there is no cheaper one', async () => {
    const [chat] = JSON.parse(FILE).models;
    await start({ file: parseCatalogueFile(JSON.stringify({ models: [chat] })) });
    for (let turn = 1; turn <= 14; turn++) await tell(turn);
    expect(summaries().map(({ body }) => body.model)).toEqual(['lab/chat']);
    expect((await ask(2)).text).toBe('code of turn 2 is CODE2');
  });

  it('loses its summary where a person in it is forgotten, and gives it out to them before', async () => {
    await start();
    await tell(1, 'ben');
    for (let turn = 2; turn <= 14; turn++) await tell(turn);
    expect((await conversation()).summary?.people).toEqual(['ben', 'mia']);
    const data = await bot.services.privacy.dataOf('discord:1', 'ben');
    expect(data.summaries).toEqual([
      { conversation: (await conversation()).id, text: expect.stringContaining('CODE1. code of turn 2') },
    ]);
    await bot.services.privacy.forgetPerson('discord:1', 'ben');
    expect((await conversation()).summary).toBeUndefined();
    expect((await ask(1)).text).toBe('I do not know.');
    // The others' words are summarised anew.
    expect((await ask(2)).text).toBe('code of turn 2 is CODE2');
    expect(JSON.stringify(await conversation())).not.toContain('CODE1.');
  });

  it('brings no summary once it was begun anew', async () => {
    await start();
    for (let turn = 1; turn <= 14; turn++) await tell(turn);
    await bot.services.chat.startOver((await conversation()).id);
    expect((await conversation()).summary).toBeUndefined();
    expect((await ask(2)).text).toBe('I do not know.');
  });
});
