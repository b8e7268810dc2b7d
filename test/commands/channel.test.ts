import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../src/core/ports/store.ts';
import { createTestBot, invocationOf, messageOf, type TestBot, testActor } from '../support/test-bot.ts';
import { waitUntil } from '../support/wait-until.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await createTestBot({ defaultTier: 'premium', defaultModel: 'openai/gpt-4o-mini' });
});
afterEach(() => bot.close());

const ada = testActor('ada', { isAdmin: true });
const mia = testActor('mia');

async function run(command: string, options: Record<string, unknown> = {}, actor = ada) {
  const invocation = invocationOf(command, options, { actor });
  await bot.dispatch.command(invocation);
  return invocation.surface.privateTexts[0]?.text ?? '';
}

/** Lets an answer stream; resolves to what is shown while it does, and the surface. */
async function askLive(actor = mia, channel = 'c1') {
  const live = bot.provider.live();
  const asked = messageOf('Hi', { actor, place: { channel, key: `t/${channel}` } });
  const done = bot.dispatch.message(asked);
  await live.request;
  await live.text('Growing ');
  return { live, asked, done };
}

describe('/channel', () => {
  it('sets model, persona and web search for the channel alone, and shows what counts', async () => {
    await run('persona', { action: 'add', name: 'Pirate', instructions: 'Talk like a pirate.' });
    const said = await run('channel', { model: 'openai/gpt-4o', persona: 'pirate', web: 'on' });
    expect(said).toMatch(
      /Model: GPT-4o .*\n- Effort: the model’s default\n- Persona: Pirate\n- Web search: on/,
    );
    bot.provider.answer('Arr.');
    await bot.dispatch.message(messageOf('Hi', { actor: mia }));
    bot.provider.answer('Hello.');
    await bot.dispatch.message(messageOf('Hi', { actor: mia, place: { channel: 'c2' } }));
    const [first, second] = bot.provider.chats.map(({ body }) => body);
    expect(first?.model).toBe('openai/gpt-4o');
    expect(JSON.stringify(first?.messages)).toContain('Talk like a pirate.');
    expect(JSON.stringify(first?.tools)).toContain('web_search');
    expect(second?.model).toBe('openai/gpt-4o-mini');
    expect(second?.tools).toBeUndefined();
    const back = await run('channel', { model: 'default', persona: 'default', web: 'default' });
    expect(back).toMatch(
      /Model: GPT-4o mini .*\n- Effort: the model’s default\n- Persona: none\n- Web search: only if somebody asks/,
    );
  });

  it('has no persona if an admin wants none, whatever the guild has', async () => {
    await run('persona', { action: 'add', name: 'Pirate', instructions: 'Talk like a pirate.' });
    await run('persona', { action: 'use', name: 'Pirate', scope: 'guild' });
    expect(await run('channel')).toContain('- Persona: Pirate');
    expect(await run('channel', { persona: 'None' })).toContain('- Persona: none');
    bot.provider.answer('Hello.');
    await bot.dispatch.message(messageOf('Hi', { actor: mia }));
    expect(JSON.stringify(bot.provider.chats[0]?.body)).not.toContain('pirate');
  });

  it('lets questions go without a mention, and mentions be answered in the channel, there alone', async () => {
    const here = { guild: ada.guild, channel: 'c1' } as const;
    expect(await run('channel')).toMatch(
      /- Mention: needed\n- Answers to a mention: as usual on this platform/,
    );
    const said = await run('channel', { mention: 'not-needed', answers: 'channel' });
    expect(said).toMatch(/- Mention: not needed.*\n- Answers to a mention: in the channel/);
    expect(await bot.dispatch.channelRules(here)).toEqual({ hearsAll: true, inThread: false });
    expect(await bot.dispatch.channelRules({ ...here, channel: 'c2' })).toEqual({
      hearsAll: false,
      inThread: null,
    });
    bot.provider.answer('Yes.');
    const heard = messageOf('Hi', { actor: mia, addressed: false });
    await bot.dispatch.message(heard);
    expect(heard.surface.text).toBe('Yes.');
    const unheard = messageOf('Hi', { actor: mia, addressed: false, place: { channel: 'c2' } });
    await bot.dispatch.message(unheard);
    expect(unheard.surface.messages).toEqual([]);
    const toOthers = messageOf('Hi', { actor: mia, addressed: false, address: { opensWithOther: true } });
    await bot.dispatch.message(toOthers);
    expect(toOthers.surface.messages).toEqual([]);
    await run('channel', { mention: 'needed', answers: 'default' });
    expect(await bot.services.settings.channel(here)).toEqual({ hearsAll: false, inThread: null });
  });

  it('sets all that it is given in one write with one entry in the audit log, or nothing', async () => {
    await run('persona', { action: 'add', name: 'Pirate', instructions: 'Talk like a pirate.' });
    const change = { model: 'openai/gpt-4o', persona: 'pirate', web: 'on', mention: 'not-needed' };
    const { write } = bot.store;
    bot.store.write = (changes) => {
      if (JSON.stringify(changes).includes('"webSearch":true')) throw new StoreError('away');
      return write(changes);
    };
    expect(await run('channel', change)).toMatch(/cannot reach its database/);
    bot.store.write = write;
    expect(await run('channel')).toMatch(/Model: GPT-4o mini [\s\S]*Persona: none\n- Web search: only if/);
    expect(await run('channel', change)).toMatch(/Model: GPT-4o [\s\S]*Persona: Pirate\n- Web search: on/);
    await run('channel', { model: 'default', persona: 'none' });
    const entries = await Array.fromAsync(bot.services.audit.query({}));
    expect(entries.filter(({ from }) => from?.endsWith(' of channel c1'))).toMatchObject([
      { from: 'model, persona of channel c1', to: 'default, none' },
      {
        from: 'model, persona, web, mention of channel c1',
        to: 'openai/gpt-4o, Pirate, on, not-needed',
      },
    ]);
  });

  it('is for admins, and takes no model or persona that there is not', async () => {
    expect(await run('channel', { web: 'on' }, mia)).toMatch(/^Only an admin/);
    expect(await run('channel', { model: 'no/such' })).toContain('no/such');
    expect(await run('channel', { persona: 'Nobody' })).toMatch(/no persona called/);
  });

  it('lets answers come whole, with nothing shown before', async () => {
    await run('channel', { show: 'whole' });
    const { live, asked, done } = await askLive();
    await live.text('still growing.');
    expect(asked.surface.messages).toEqual([]);
    await live.finish({ prompt_tokens: 1, completion_tokens: 2, cost: 0 });
    await done;
    expect(asked.surface.text).toBe('Growing still growing.');
    expect(asked.surface.writes.filter(({ kind }) => kind === 'open')).toHaveLength(1);
    expect(asked.surface.shown?.status).toBe('complete');
  });
});

describe('/answers', () => {
  it('is each person’s own choice, over that of the channel; exported and forgotten', async () => {
    expect(await run('answers', { show: 'whole' }, mia)).toMatch(/appear complete/);
    const whole = await askLive(mia);
    expect(whole.asked.surface.messages).toEqual([]);
    await whole.live.finish({ prompt_tokens: 1, completion_tokens: 2, cost: 0 });
    await whole.done;
    const growing = await askLive(testActor('ben'), 'c2');
    await waitUntil(() => expect(growing.asked.surface.text).toBe('Growing'));
    await growing.live.finish({ prompt_tokens: 1, completion_tokens: 2, cost: 0 });
    await growing.done;
    await run('channel', { show: 'whole' });
    expect(await run('answers', { show: 'growing' }, mia)).toMatch(/^Answers to you grow/);
    const { privacy, settings } = bot.services;
    expect((await privacy.dataOf('discord:1', 'mia')).choices).toEqual({ whole: false });
    await privacy.forgetPerson('discord:1', 'mia');
    expect(await settings.person('discord:1', 'mia')).toEqual({});
  });
});
