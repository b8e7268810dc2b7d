import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commands } from '../../src/commands/index.ts';
import { parseCatalogueFile } from '../../src/core/catalogue/file.ts';
import { NO_PRICES } from '../../src/core/ports/provider.ts';
import { factsOf, listOf } from '../support/models.ts';
import {
  createTestBot,
  invocationOf,
  messageOf,
  type TestBot,
  type TestEvent,
  testActor,
  testSurface,
} from '../support/test-bot.ts';

let bot: TestBot;

beforeEach(async () => {
  bot = await createTestBot();
});

afterEach(() => bot.close());

/** Runs a command and resolves to what the person alone is told. */
async function run(
  command: string,
  options: Record<string, unknown> = {},
  event: TestEvent = {},
): Promise<string> {
  const invocation = invocationOf(command, options, event);
  await bot.dispatch.command(invocation);
  expect(invocation.surface.messages).toEqual([]);
  return invocation.surface.privateTexts.map(({ text }) => text).join('\n');
}

const thread = { place: { key: 'thread 1' } };
const asAdmin = { actor: testActor('ada', { isAdmin: true }) };

describe('/models', () => {
  it('groups by tier, with price, context and default, and says what unlocks the locked ones', async () => {
    const text = await run('models');
    expect(text).toMatch(
      /\*\*Free\*\*\n- \*\*Llama 3\.2 3B \(Free\)\*\* \(answers here\) · `meta-llama\/llama-3\.2-3b-instruct:free` · free · 131\.1k context/,
    );
    expect(text).toMatch(
      /\*\*OpenRouter\*\* — needs the tier `openrouter`\n- 🔒 GPT-4o mini · `openai\/gpt-4o-mini` · \$0\.15 in, \$0\.60 out · 128k context/,
    );
    expect(text).toMatch(/Tier here: `free`/);
  });

  it('searches in names and ids, whatever the case', async () => {
    expect(await run('models', { search: 'CLAUDE' })).toMatch(/Claude 3\.5 Sonnet/);
    expect(await run('models', { search: 'CLAUDE' })).not.toMatch(/GPT|\*\*Free\*\*/);
    expect(await run('models', { search: 'nonesuch' })).toMatch(/No model name contains `nonesuch`/);
  });

  it('says so where the tier opens a model to which no key leads', async () => {
    const keyless = await createTestBot({ keys: ['openai'], defaultTier: 'premium' });
    const asked = invocationOf('models', { search: 'deepseek' });
    await keyless.dispatch.command(asked);
    await keyless.close();
    expect(asked.surface.privateTexts[0]?.text).toMatch(
      /\*\*Premium\*\*\n- ✗ DeepSeek Chat · .* · not available: no API key set up/,
    );
  });

  it('shows a model that its provider no longer has as gone', async () => {
    bot.services.catalogue.apply('openrouter', [
      {
        id: 'openai/gpt-4o-mini',
        name: 'GPT-4o mini',
        contextTokens: 128_000,
        maxOutputTokens: null,
        prices: { ...NO_PRICES, promptPicoUsd: 1, completionPicoUsd: 1 },
        inputModalities: ['text'],
        outputModalities: null,
        thinks: null,
        efforts: null,
        defaultEffort: null,
        expiresAt: null,
      },
      factsOf('meta-llama/llama-3.2-3b-instruct:free', { expiresAt: '2027-01-31T00:00:00Z' }),
    ]);
    const text = await run('models');
    expect(text).toMatch(/✗ Claude 3\.5 Sonnet .* no longer offered by its provider/);
    expect(text).toMatch(/Llama 3\.2 3B.* · ⚠️ ends on 2027-01-31$/m);
  });
});

describe('/model', () => {
  it('shows what answers here and why', async () => {
    expect(await run('model')).toMatch(/\*\*Llama 3\.2 3B \(Free\)\*\* .* answers here: the default\./);
  });

  it('sets it for a conversation, which has to be one', async () => {
    expect(await run('model', { model: 'gemini-2.0-flash-001:free' })).toMatch(
      /There is no conversation here/,
    );
    expect(await run('model', { model: 'gemini-2.0-flash-001:free' }, thread)).toMatch(
      /Gemini.* answers in this conversation/,
    );
    bot.provider.answer('Yes.');
    await bot.dispatch.message(messageOf('Hi', thread));
    expect(bot.provider.chats[0]?.body.model).toBe('google/gemini-2.0-flash-001:free');
  });

  it('lets only admins set it for channel and guild, and the narrower choice counts', async () => {
    const gemini = { model: 'google/gemini-2.0-flash-001:free' };
    expect(await run('model', { ...gemini, scope: 'guild' })).toMatch(/Only an admin/);
    expect(await run('model', { ...gemini, scope: 'guild' }, asAdmin)).toMatch(/now answers in all channels/);
    expect(await run('model')).toMatch(/Gemini.*chosen for all channels/);
    const llama = { model: 'meta-llama/llama-3.2-3b-instruct:free' };
    await run('model', { ...llama, scope: 'channel' }, asAdmin);
    expect(await run('model')).toMatch(/Llama.*chosen for this channel/);
    expect(await run('model', {}, { place: { channel: 'c2' } })).toMatch(/Gemini/);
    expect(await run('model', { model: 'default', scope: 'channel' }, asAdmin)).toMatch(
      /reset to the default/,
    );
    expect(await run('model')).toMatch(/Gemini/);
  });

  it('says which choice no longer holds, and what answers instead', async () => {
    await bot.grant('discord:1', 'premium');
    await run('model', { model: 'gpt-4o' }, thread);
    await bot.grant('discord:1', 'free');
    expect(await run('model', {}, thread)).toBe(
      'GPT-4o cannot be used here any more; Llama 3.2 3B (Free) answers instead.',
    );
  });

  it('sets none that the tier does not open, or that does not exist', async () => {
    expect(await run('model', { model: 'gpt-4o' }, thread)).toMatch(/needs the tier/);
    expect(await run('model', { model: 'gpt-4p' }, thread)).toMatch(
      /There is no model `gpt-4p` here\. Did you mean/,
    );
    expect(await run('model', {}, thread)).toMatch(/Llama/);
  });
});

describe('/forget', () => {
  async function talk(user: string): Promise<void> {
    bot.provider.answer('Yes.');
    await bot.dispatch.message(messageOf('Hi', { ...thread, actor: testActor(user) }));
  }

  it('forgets a conversation: the next question knows nothing of it', async () => {
    await talk('mia');
    expect(await run('forget', {}, thread)).toMatch(/Deleted this conversation/);
    await talk('mia');
    expect(bot.provider.chats[1]?.body.messages).toHaveLength(2);
    expect(await run('forget', {}, { place: { key: 'thread 2' } })).toMatch(
      /no conversation (to delete )?here/,
    );
  });

  it('of what others have said is for admins', async () => {
    await talk('mia');
    await talk('ben');
    expect(await run('forget', {}, thread)).toMatch(/Other people took part/);
    expect(await run('forget', {}, { ...thread, ...asAdmin })).toMatch(/Deleted/);
  });

  it('of everything is for admins, and ends at the guild', async () => {
    await talk('mia');
    const elsewhere = testActor('zoe', { guild: 'discord:2', isAdmin: true });
    expect(await run('forget', { what: 'guild', sure: 'yes' })).toMatch(/Only an admin/);
    expect(await run('forget', { what: 'guild', sure: 'yes' }, { actor: elsewhere })).toMatch(
      /0 conversations/,
    );
    expect(await run('forget', { what: 'guild', sure: 'yes' }, asAdmin)).toMatch(/1 conversation,/);
  });

  it('does not let an answer that is under way bring it back', async () => {
    const live = bot.provider.live();
    const asked = messageOf('Hi', thread);
    const done = bot.dispatch.message(asked);
    await live.request;
    await live.text('Something');
    await run('forget', {}, thread);
    await done;
    expect(asked.surface.shown?.note).toMatch(/the conversation was deleted/);
    bot.provider.answer('Yes.');
    await bot.dispatch.message(messageOf('Hi', thread));
    expect(bot.provider.chats[1]?.body.messages).toHaveLength(2);
  });
});

describe('/forget of more than a conversation', () => {
  it.each(['myself', 'guild'])('asks first, and deletes nothing until then: %s', async (what) => {
    const thread = { place: { key: 'thread 1' } };
    bot.provider.answer('Yes.');
    await bot.dispatch.message(messageOf('Hi', thread));
    expect(await run('forget', { what }, asAdmin)).toMatch(
      new RegExp(`cannot be undone.*use \`/forget what:${what} sure:yes\``),
    );
    const place = { guild: 'discord:1', channel: 'c1', key: 'thread 1' } as const;
    expect((await bot.services.chat.conversationAt(place))?.turns).toHaveLength(1);
  });
});

describe('/help', () => {
  it('is eight lines for a member, and names every command that the person may use', async () => {
    const text = await run('help');
    expect(text.split('\n')).toHaveLength(8);
    for (const { name, role } of commands.filter((each) => each.name !== 'help'))
      expect(text.includes(`\`/${name}\``), name).toBe(role === 'member');
    const forAdmins = await run('help', {}, asAdmin);
    for (const { name, role } of commands) {
      if (role !== 'operator' && name !== 'help') expect(forAdmins, name).toContain(`\`/${name}\``);
    }
  });

  it('tells all of one command, however it is written', async () => {
    for (const command of ['ask', '/ask', ' ASK ', 'command:ask']) {
      expect(await run('help', { command })).toMatch(
        /^`\/ask`: Ask a language model\.\n- `prompt` \(needed\): .*\n(.*\n)*- `web`: Let the model search the web/,
      );
    }
    expect(await run('help', { command: 'connect' })).toMatch(/^`\/connect` \(admins\): /);
    expect(await run('help', { command: 'forget' })).toContain('all data of this server');
    expect(await run('help', { command: 'aks`' })).toMatch(
      /^There is no command .*aks.*\. The commands are `\/ask`/,
    );
  });

  it('names the buttons that stand under answers here, though it is private itself', async () => {
    const helped = async (canContinueInThread: boolean) =>
      run('help', {}, { surface: testSurface({ isPrivate: true, canContinueInThread }) });
    expect(await helped(true)).toContain('like, and **In a thread** continues from it. *Delete');
    expect(await helped(false)).toMatch(
      /\*\*Stop\*\* ends it, and \*\*Retry…\*\* asks again, with another model if you like\. \*Delete/m,
    );
  });
});

it('/stop says how many answers it stopped', async () => {
  const asked = ['thread 1', 'thread 2'].map(async (key) => {
    const live = bot.provider.live();
    const answered = bot.dispatch.message(messageOf('Hi', { place: { key } }));
    await live.request;
    return { answered };
  });
  const answers = await Promise.all(asked);
  expect(await run('stop')).toBe('Stopped 2 answers.');
  await Promise.all(answers.map(({ answered }) => answered));
  expect(await run('stop')).toBe('You have no answer in progress here.');
});

describe('any command', () => {
  it.each([
    ['access', { user: '<@42>' }, asAdmin, 'Add the `list`: `allow`, `deny` or `neither`.'],
    ['access', { list: 'deny', role: '?' }, asAdmin, '`role` must be a mention or ID of a role.'],
    [
      'automatic',
      { what: 'titles' },
      asAdmin,
      'Choose both `what` and `state`, or neither to see the settings.',
    ],
    ['context', { threads: 'off' }, {}, 'Only an admin can choose whether threads are read.'],
    [
      'instructions',
      {},
      thread,
      'No instructions are set here. Set some with `/instructions action:set text:…`.',
    ],
    ['instructions', { action: 'set' }, thread, 'Add the instructions: `/instructions action:set text:…`.'],
    [
      'model',
      { fallback: 'default', effort: 'high' },
      asAdmin,
      'Set the model and the fallback in two separate commands.',
    ],
    [
      'persona',
      { action: 'add', name: 'Cook' },
      asAdmin,
      'Add the instructions of the persona: `instructions:…`.',
    ],
    ['persona', { action: 'use' }, thread, 'Add the name of the persona: `/persona action:use name:…`.'],
  ])('says what it lacks: /%s %j', async (command, options, event, words) => {
    expect(await run(command, options, event)).toBe(words);
  });

  it.each([
    [
      'forget',
      { what: 'guild', sure: 'yes' },
      thread,
      'Only an admin can delete all data here. `/forget what:myself` deletes yours.',
    ],
    [
      'forget',
      {},
      {},
      'There is no conversation to delete here. Use `/forget` in a thread or direct message.',
    ],
    ['usage', { of: 'here' }, {}, 'Only an admin can see the usage of others. `/usage of:me` shows yours.'],
    [
      'usage',
      { of: 'everywhere' },
      asAdmin,
      'Only the operator can see the usage of all servers and workspaces.',
    ],
    [
      'limits',
      { limit: 'requests-per-day', to: '5' },
      {},
      'Only an admin can set limits or see those of other people. `/limits` without options shows yours.',
    ],
    ['limits', { user: '5', role: '6' }, asAdmin, 'Give `user` or `role`, not both.'],
    [
      'model',
      { model: 'gpt-4o-mini', scope: 'guild' },
      thread,
      'Only an admin can choose the model for all channels. You can choose it for a conversation.',
    ],
    [
      'model',
      { effort: 'low', scope: 'channel' },
      thread,
      'Only an admin can choose the effort for this channel. You can choose it for a conversation.',
    ],
    ['model', { fallback: 'default' }, {}, 'Only an admin can choose a fallback.'],
    ['model', { fallback: 'default' }, asAdmin, 'Fallback for all channels removed.'],
    ['model', { model: 'default' }, thread, 'Model for this conversation reset to the default.'],
    [
      'model',
      { effort: 'default', scope: 'guild' },
      asAdmin,
      'Effort for all channels reset to the default.',
    ],
    [
      'persona',
      { action: 'add', name: '?!', instructions: 'x' },
      asAdmin,
      'A name has 1 to 40 letters, digits, spaces, hyphens or apostrophes, and must not be `none` or `default`.',
    ],
    ['persona', { name: 'none' }, thread, 'No persona is used in this conversation now.'],
    [
      'persona',
      { name: 'Cook' },
      thread,
      'There is no persona called `Cook`. `/persona` lists the available ones.',
    ],
    [
      'persona',
      { action: 'add', name: 'Cook', instructions: 'x', temperature: '3' },
      asAdmin,
      '`temperature` must be a number from 0 to 2, such as 0.7.',
    ],
    ['instructions', { action: 'clear' }, thread, 'Instructions for this conversation cleared.'],
    [
      'instructions',
      { text: 'Be kind.', scope: 'guild' },
      thread,
      'Only an admin can change the instructions for all channels.',
    ],
    [
      'instructions',
      { text: 'Be kind.' },
      thread,
      'Instructions saved for this conversation. They apply from the next question. Everyone here can read them with `/instructions`.',
    ],
    [
      'listen',
      { state: 'off' },
      thread,
      '`/listen` works in threads only. In direct messages I answer every message, and elsewhere every message that mentions me.',
    ],
    [
      'answers',
      { show: 'growing' },
      {},
      'Answers to you grow while the model writes. `/answers show:whole` shows them once they have ended.',
    ],
    [
      'new',
      {},
      {},
      'Each question in a channel starts its own conversation, so there is nothing to start anew. Use `/new` inside a thread or direct message.',
    ],
    [
      'new',
      {},
      thread,
      'The next question starts a new conversation. Earlier messages are not deleted (use `/forget` for that), and the model, the persona and the instructions stay.',
    ],
    ['automatic', { what: 'titles', state: 'on' }, {}, 'Only an admin can switch this.'],
    [
      'summarise',
      {},
      thread,
      'There is no thread here to summarise. Use this in a thread, or in the menu of a message in one.',
    ],
  ])('says in whole sentences what it did, or why not: /%s %j', async (command, options, event, words) => {
    expect(await run(command, options, event)).toBe(words);
  });

  it.each([
    [asAdmin, ', or give it a `scope`.'],
    [{}, 'inside a thread or direct message.'],
  ])('that needs a conversation says where there is one', async (event, end) => {
    const said = await run('instructions', { text: 'Be kind.' }, event);
    expect(said).toMatch(/^There is no conversation here for which to change the instructions\./);
    expect(said.endsWith(end)).toBe(true);
    expect(await run('model', { effort: 'high' }, event)).toMatch(
      /^There is no conversation here\. .* or choose an effort in `\/ask`\.$/,
    );
  });

  it('that does not exist is answered with those that do', async () => {
    expect(await run('aks')).toMatch(/Unknown command\. Available commands: `\/ask`/);
  });

  it('with bad input gets a private, helpful line', async () => {
    expect(await run('ask', { prompt: 'Hi', colour: 'red' })).toMatch(/has no option `colour`/);
  });
});

describe('suggestions', () => {
  const suggest = (text: string) =>
    bot.dispatch.suggest({
      command: 'ask',
      option: 'model',
      text,
      actor: testActor('mia'),
      place: { guild: 'discord:1', channel: 'c1', key: null },
    });

  it('of models have the allowed ones first and the locked ones marked', async () => {
    const labels = (await suggest('')).map(({ label }) => label);
    expect(labels).toHaveLength(7);
    expect(labels.slice(0, 2).every((label) => label.includes('(Free)'))).toBe(true);
    expect(labels.slice(2).every((label) => label.startsWith('🔒 '))).toBe(true);
    expect((await suggest('claude')).map(({ value }) => value)).toEqual(['anthropic/claude-3.5-sonnet']);
  });

  it('of models are as many as Discord takes; for another answer one less, by how near their prices are', async () => {
    const prices = [...Array(30).keys()].map((index) => ({
      id: `maker/m${index}`,
      usd: 1.4 ** ((index * 7) % 30) / 100,
    }));
    const models = prices.map(({ id, usd }) => ({
      id,
      tier: 'free',
      contextTokens: 128_000,
      prices: { promptPerMillion: usd, completionPerMillion: usd },
    }));
    const many = await createTestBot({
      file: parseCatalogueFile(JSON.stringify({ models })),
      defaultModel: 'maker/m0',
    });
    const asked = messageOf('Hi');
    many.provider.answer('Hello.');
    await many.dispatch.message(asked);
    const answerId = asked.surface.shown?.buttons[0]?.answerId ?? '';
    const at = { option: 'model', text: '', actor: asked.actor, place: asked.place };
    const typed = await many.dispatch.suggest({ command: 'ask', ...at });
    const others = await many.dispatch.suggest({ command: { button: 'retry', answerId }, ...at });
    await many.close();
    expect(typed.map(({ value }) => value)).toEqual(prices.slice(0, 25).map(({ id }) => id));
    const dearer = prices.slice(1).toSorted((a, b) => a.usd - b.usd);
    expect(others.map(({ value }) => value)).toEqual(dearer.slice(0, 24).map(({ id }) => id));
  });

  it('of a choice are those whose value or label holds the text, in any case', async () => {
    const scopes = async (text: string) => {
      const found = await bot.dispatch.suggest({
        command: 'model',
        option: 'scope',
        text,
        actor: testActor('mia'),
        place: { guild: 'discord:1', channel: 'c1', key: null },
      });
      return found.map(({ value }) => value);
    };
    expect(await scopes('')).toEqual(['conversation', 'channel', 'guild']);
    expect(await scopes('CONV')).toEqual(['conversation']);
    expect(await scopes('all channels')).toEqual(['guild']);
  });

  it('of a model that its provider no longer has are none', async () => {
    bot.services.catalogue.apply('openrouter', listOf('openrouter', ['anthropic/claude-3.5-sonnet']));
    expect(await suggest('claude')).toEqual([]);
    expect(await suggest('deepseek')).toHaveLength(1);
  });

  it('of what is no model are none', async () => {
    expect(await suggest('nonesuch')).toEqual([]);
  });
});
