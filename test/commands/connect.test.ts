import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { parseCatalogueFile } from '../../src/core/catalogue/file.ts';
import { createUsageLog } from '../../src/core/ledger/usage.ts';
import type { Actor } from '../../src/core/ports/actor.ts';
import { limitsSchema, UNLIMITED_GUILD } from '../../src/core/ports/limits.ts';
import { valuesOf } from '../support/changes.ts';
import { collect } from '../support/collect.ts';
import { createFastClock } from '../support/fast-clock.ts';
import { createFakeProvider, type FakeProvider, json } from '../support/provider/fake-provider.ts';
import { createTestBot, invocationOf, type TestBot, testActor } from '../support/test-bot.ts';
import { waitUntil } from '../support/wait-until.ts';

const CLAUDE = 'anthropic/claude-3.5-sonnet';
const GPT_4O = 'openai/gpt-4o';
const DEEPSEEK = 'deepseek/deepseek-chat';
const OPERATORS = ['sk-openrouter-operator', 'sk-openai-operator'];
const KEY = 'sk-or-v1-of-the-guild-1a2b';
const OPENAI_KEY = 'sk-proj-of-the-guild-3c4d';

const mia = testActor('10');
const ada = testActor('20', { isAdmin: true });

let provider: FakeProvider;
/** Keys that the provider takes. */
let taken: string[];
let bot: TestBot;

beforeEach(async () => {
  taken = [...OPERATORS, KEY, OPENAI_KEY];
  provider = await createFakeProvider({ keys: taken });
  bot = await createTestBot({ provider, keys: ['openrouter', 'openai'] });
});
afterEach(async () => {
  await bot.close();
  await provider.close();
});

async function run(command: string, options: Record<string, unknown>, actor: Actor = ada, of = bot) {
  const invocation = invocationOf(command, options, { actor });
  await of.dispatch.command(invocation);
  return invocation.surface;
}
const told = async (...args: Parameters<typeof run>) => (await run(...args)).privateTexts[0]?.text ?? '';
const connect = (secret = KEY, of = 'openrouter', actor = ada) =>
  told('connect', { provider: of, key: secret }, actor);

/** Asks a model; resolves to the key that paid for it, or to what the person was told. */
async function ask(model: string, actor = mia): Promise<string> {
  const before = provider.chats.length;
  provider.answer('Yes.');
  const { privateTexts, shown } = await run('ask', { prompt: 'Hi', model }, actor);
  const [request] = provider.chats.slice(before);
  if (request?.headers.authorization) return request.headers.authorization.replace('Bearer ', '');
  return privateTexts[0]?.text ?? shown?.note ?? '';
}

const refuse = (status: number) => provider.script(json(status, { error: { code: status, message: 'No.' } }));

describe('/connect', () => {
  it('opens a tier by a key that pays for itself, from the next request on', async () => {
    expect(await ask(CLAUDE)).toMatch(
      /An admin can also open it with an API key for OpenRouter: `\/connect`/,
    );
    expect(await connect()).toBe(
      'The key …1a2b for OpenRouter is connected, and this server now has the tier `openrouter`. ' +
        'The key pays for Llama 3.2 3B (Free), Gemini 2.0 Flash (Free), GPT-4o mini, Claude 3.5 Sonnet, Mistral Small 24B: ' +
        'everyone here can use them, and OpenRouter bills the key’s account. ' +
        '`/tier` shows how to get more models. Set a limit with `/limits`, see the cost with `/usage`, remove the key with `/disconnect`.',
    );
    expect(await ask(CLAUDE)).toBe(KEY);
    const [record] = await collect(createUsageLog(bot.store.records).query({}));
    expect(record).toMatchObject({ payer: 'guild', provider: 'openrouter', user: '10' });
    expect(await ask(GPT_4O)).toMatch(/needs the tier `openai` or `premium`; this server has `openrouter`/);
    await connect(OPENAI_KEY, 'openai');
    expect(await ask(GPT_4O)).toBe(OPENAI_KEY);
    expect(await ask(DEEPSEEK)).toBe(KEY);
  });

  it('is asked for in a form, so that the key is never typed behind a command', async () => {
    const { dispatch } = bot;
    const place = { guild: 'discord:1', channel: 'c1', key: null } as const;
    expect(await dispatch.refusalOfCommand({ command: 'connect', actor: ada, place })).toBeNull();
    expect(await dispatch.refusalOfCommand({ command: 'connect', actor: mia, place })).toBe(
      'Only an admin can use `/connect`.',
    );
  });

  it('is for admins, of their own place alone', async () => {
    expect(await connect(KEY, 'openrouter', mia)).toBe('Only an admin can use `/connect`.');
    await connect();
    const elsewhere = testActor('30', { guild: 'discord:2', isAdmin: true });
    expect(await told('disconnect', {}, elsewhere)).toBe('No API key is connected here.');
    expect(await told('disconnect', {}, mia)).toBe('Only an admin can use `/disconnect`.');
    expect(await ask(CLAUDE, elsewhere)).toMatch(/needs the tier/);
    expect(await ask(CLAUDE)).toBe(KEY);
  });

  it.each([
    [
      'sk-or-v1-nobodys-key',
      'openrouter',
      /^OpenRouter rejected this key, so it was not saved\. Check that it still exists at https:\/\/openrouter\.ai\/settings\/keys/,
    ],
    ['my key is 12345', 'openrouter', /^That is not an API key\. Create one at https:\/\/openrouter\.ai/],
    ['short', 'openai', /^That is not an API key\. Create one at https:\/\/platform\.openai\.com\/api-keys/],
    [
      KEY,
      'openai',
      /^That is a key for OpenRouter, not for OpenAI\. Choose OpenRouter instead\. The key was not saved\.$/,
    ],
    [
      OPENAI_KEY,
      'openrouter',
      /^That is a key for OpenAI, not for OpenRouter\. Choose OpenAI instead\. The key was not saved\.$/,
    ],
    [KEY, 'lab', /^`provider` must be one of `openrouter`, `openai`\.$/],
    ['x'.repeat(401), 'openai', /^`key` is 401 characters long; at most 400 are allowed\.$/],
  ])('says what is wrong with %s for %s, and keeps nothing', async (secret, of, words) => {
    expect(await connect(secret, of)).toMatch(words);
    expect(await bot.services.ownKeys.of('discord:1')).toEqual([]);
    // A key that is plainly another's is not even shown to the wrong provider.
    const shown = provider.requests.map(({ headers }) => headers.authorization);
    for (const key of [KEY, OPENAI_KEY]) expect(shown).not.toContain(`Bearer ${key}`);
  });

  it('keeps nothing where the provider cannot be asked, and says so', async () => {
    await provider.close();
    const quick = await createTestBot({ provider, client: { clock: createFastClock(10) } });
    onTestFinished(quick.close);
    expect(await told('connect', { provider: 'openrouter', key: KEY }, ada, quick)).toBe(
      'OpenRouter could not check the key, so it was not saved. The bot could not reach OpenRouter. Try again in a minute; if it keeps happening, tell the operator of this bot.',
    );
    provider = await createFakeProvider();
  });

  it('says how to turn it on where there is no ENCRYPTION_KEY, before anybody fills in a form', async () => {
    const off = await createTestBot({ provider, encryptionKeys: [] });
    const words = /The operator must set `ENCRYPTION_KEY` first/;
    expect(await told('connect', { provider: 'openrouter', key: KEY }, ada, off)).toMatch(words);
    const place = { guild: 'discord:1', channel: 'c1', key: null } as const;
    expect(await off.dispatch.refusalOfCommand({ command: 'connect', actor: ada, place })).toMatch(words);
    expect(await told('ask', { prompt: 'Hi', model: CLAUDE }, mia, off)).not.toMatch(/connect/);
    await off.close();
  });

  it('says that a provider takes no key here while the demo stands in its place', async () => {
    const file = parseCatalogueFile(readFileSync('models.json', 'utf8'));
    const providers = file.providers.filter(({ id }) => id !== 'openrouter');
    const demo = await createTestBot({ provider, file: { ...file, providers } });
    onTestFinished(demo.close);
    expect(await told('connect', { provider: 'openrouter', key: KEY }, ada, demo)).toBe(
      'Keys for OpenRouter cannot be connected here, because the built-in demo replaces it.',
    );
  });
});

describe('a key that is connected', () => {
  beforeEach(() => connect());

  it('is shown by its last four characters, and by nothing more', async () => {
    expect(await told('tier', {})).toContain('- openrouter: an API key of its own for OpenRouter (…1a2b)');
    expect(await told('tier', {})).not.toContain('of-the-guild');
  });

  it('is bound by nothing but what admins set', async () => {
    const limited = await createTestBot({
      provider,
      store: bot.store,
      limits: limitsSchema.parse({ free: { requestsPerUserPerDay: 0 } }),
    });
    await told('connect', { provider: 'openrouter', key: KEY }, ada, limited);
    provider.answer('Yes.');
    expect((await run('ask', { prompt: 'Hi', model: CLAUDE }, mia, limited)).text).toBe('Yes.');
    await run('limits', { limit: 'requests-per-day', to: '1' }, ada, limited);
    expect(await told('ask', { prompt: 'Hi', model: CLAUDE }, mia, limited)).toMatch(
      /Daily limit reached \(1 request\)/,
    );
    expect(await told('usage', {}, mia, limited)).toMatch(
      /\*\*Your limits\*\*\n(- .*\n)*- 1 of 1 request today \(paid with the API keys connected here\)$/,
    );
    await limited.close();
  });

  it('that is refused is reported to the admins once, and never replaced by the operator’s money', async () => {
    taken.splice(taken.indexOf(KEY), 1);
    expect(await ask(CLAUDE)).toBe(KEY);
    const { shown } = await run('ask', { prompt: 'Hi', model: CLAUDE }, mia);
    expect(shown?.note).toBe(
      'OpenRouter rejected the API key connected here. An admin can connect a new one with `/connect`.',
    );
    await waitUntil(() => expect(bot.told).toHaveLength(1));
    expect(bot.told[0]).toEqual({
      guild: 'discord:1',
      text: '**An API key stopped working.** OpenRouter rejects the API key …1a2b that was connected in this server. Connect a new one with `/connect`, or remove it with `/disconnect`. Until then, only models that the operator pays for are available.',
    });
    expect(await told('tier', {})).toContain('(…1a2b), which the provider rejects');
    expect(provider.chats.map(({ headers }) => headers.authorization)).not.toContain(
      'Bearer sk-openrouter-operator',
    );
  });

  it('that has run out of credit gives way where the operator gave the tier as well, until it has some', async () => {
    await bot.grant('discord:1', 'openrouter');
    expect(await ask(CLAUDE)).toBe(KEY);
    refuse(402);
    const { shown } = await run('ask', { prompt: 'Hi', model: CLAUDE }, mia);
    expect(shown?.note).toMatch(/^The OpenRouter account connected here has run out of credit\./);
    await waitUntil(() => expect(bot.told).toHaveLength(1));
    expect(bot.told[0]?.text).toMatch(
      /has run out of credit\. Top it up \(the key is tried again within an hour/,
    );
    expect(await ask(CLAUDE)).toBe('sk-openrouter-operator');
    expect(await connect()).toMatch(/is connected/);
    expect(await ask(CLAUDE)).toBe(KEY);
  });

  it('costs nothing of the operator’s: what it pays is counted apart', async () => {
    provider.answer('Yes.', { prompt_tokens: 10, completion_tokens: 10, cost: 0.5 });
    await run('ask', { prompt: 'Hi', model: CLAUDE }, mia);
    const used = async (payer: 'operator' | 'guild') => {
      const levels = await bot.ledger.levels({ guild: 'discord:1', user: '10', payer }, UNLIMITED_GUILD);
      return levels.find(({ limit }) => limit === 'nanoUsdPerGuildPerDay')?.used;
    };
    expect(await used('guild')).toBe(0.5e9);
    expect(await used('operator')).toBe(0);
    expect(await told('limits', {})).toMatch(/Paid with own API keys/);
  });

  it('is asked for the true cost of an answer that broke off, and nobody else’s key is', async () => {
    const live = provider.live();
    const asking = run('ask', { prompt: 'Hi', model: CLAUDE }, mia);
    await live.request;
    await live.text('Half');
    await live.drop();
    await asking;
    await waitUntil(() => {
      const lookUps = provider.requests.filter(({ path }) => path.startsWith('/v1/generation'));
      expect(lookUps.map(({ headers }) => headers.authorization)).toContain(`Bearer ${KEY}`);
      expect(new Set(lookUps.map(({ headers }) => headers.authorization)).size).toBe(1);
    }, 15_000);
  });
});

describe('/disconnect', () => {
  it('takes the only key back, and with it what it opened', async () => {
    await connect();
    expect(await told('disconnect', {})).toBe(
      'The key for OpenRouter is deleted here, and this server now has the tier `free`. The key still works at OpenRouter until you delete it there.',
    );
    expect(await ask(CLAUDE)).toMatch(/needs the tier/);
    expect(await told('disconnect', {})).toBe('No API key is connected here.');
  });

  it('takes back a key that cannot be read, where it is named', async () => {
    await connect(OPENAI_KEY, 'openai');
    await valuesOf(bot.store, 'keys').set('discord:1/openrouter', 'garbage');
    expect(await ask(GPT_4O)).toMatch(/cannot be read/);
    expect(await told('disconnect', { provider: 'openrouter' })).toMatch(
      /^The key for OpenRouter is deleted here/,
    );
    expect(await ask(GPT_4O)).toBe(OPENAI_KEY);
    expect(await told('disconnect', { provider: 'openrouter' })).toBe(
      'No API key for OpenRouter is connected here.',
    );
  });

  it('asks which one where there are two', async () => {
    await connect();
    await connect(OPENAI_KEY, 'openai');
    expect(await told('disconnect', {})).toBe(
      'Which `provider`? There are keys for OpenRouter (…1a2b) and OpenAI (…3c4d).',
    );
    expect(await told('disconnect', { provider: 'openai' })).toMatch(/^The key for OpenAI is deleted here/);
    expect(await ask(CLAUDE)).toBe(KEY);
  });
});
