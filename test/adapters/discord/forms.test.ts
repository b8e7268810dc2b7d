import { afterEach, describe, expect, it } from 'vitest';
import { connect } from '../../../src/commands/connect.ts';
import { openGuild } from '../../support/discord/guild.ts';
import { askCommand, type Bench, type BenchOptions, openBench } from './harness.ts';

let bench: Bench;
afterEach(() => bench.close());

async function open(options: BenchOptions = {}) {
  bench = await openBench({ commands: [askCommand, connect], ...options });
  return { ...bench, ...openGuild(bench.discord) };
}

const never = new AbortController().signal;

describe('a command with a secret on Discord', () => {
  it('takes nothing behind it, and opens a form that asks for all of it', async () => {
    const { discord, recorded, ada, channel, guild } = await open();
    expect(() => ada.slash('connect', { key: 'sk-1' }, { channel })).toThrow();
    const used = ada.slash('connect', {}, { channel });
    await used.acknowledged();
    expect(used.modal).toMatchObject({
      title: '/connect',
      components: [
        { label: 'Provider', description: 'Provider of the key', component: { type: 3, required: true } },
        {
          label: 'Key',
          description: expect.stringMatching(/^The key, from openrouter/),
          component: { type: 4, max_length: 400, required: true },
        },
      ],
    });
    expect(recorded.admitRequests).toMatchObject([
      { command: 'connect', actor: { user: ada.id }, place: { guild: `discord:${guild.id}` } },
    ]);
    // Nothing has been run, and nobody is kept waiting.
    expect(recorded.commands).toEqual([]);
    expect(discord.messages(channel, ada)).toEqual([]);
  });

  it('brings what was filled in as the command, and answers to that person alone', async () => {
    const { discord, recorded, ada, bob, channel } = await open();
    const used = ada.slash('connect', {}, { channel });
    await used.acknowledged();
    const sent = ada.submit(used, { provider: 'OpenAI', key: 'sk-secret-0123456789' });
    await discord.until(() => recorded.commands.length === 1, 'the form is dealt with');
    expect(recorded.commands[0]).toMatchObject({
      id: `discord:${sent.id}`,
      command: 'connect',
      options: { provider: 'openai', key: 'sk-secret-0123456789' },
    });
    await recorded.commands[0]?.surface.tellPrivately({ text: 'Connected.' }, never);
    expect(sent.replies).toMatchObject([{ content: 'Connected.', onlyVisibleTo: ada.id }]);
    expect(discord.messages(channel, bob)).toEqual([]);
  });

  it('says to who may not use it why, in the place of the form', async () => {
    const { recorded, ada, channel } = await open();
    recorded.refusal = 'Only an admin can use `/connect`.';
    const used = ada.slash('connect', {}, { channel });
    await used.acknowledged();
    expect(used.modal).toBeNull();
    expect(used.replies).toMatchObject([
      { content: 'Only an admin can use `/connect`.', onlyVisibleTo: ada.id },
    ]);
  });

  it('takes a form that nobody was shown for what it is: a command like any other, or none of ours', async () => {
    const { discord, recorded, bob, channel } = await open();
    bob.forgeForm('form:connect', { provider: 'lab', key: 'sk-1', role: 'operator' }, { channel });
    await discord.until(() => recorded.commands.length === 1, 'the forged form is brought to core');
    expect(recorded.commands[0]).toMatchObject({
      command: 'connect',
      actor: { user: bob.id },
      options: { provider: 'lab', key: 'sk-1', role: 'operator' },
    });
    for (const id of ['form:ask', 'form:nothing', 'connect', 'form:', 'form:__proto__']) {
      const forged = bob.forgeForm(id, { key: 'sk-1' }, { channel });
      await forged.acknowledged();
      expect(forged.replies, id).toMatchObject([
        { content: 'This form has expired. Run the command again.', onlyVisibleTo: bob.id },
      ]);
    }
    expect(recorded.commands).toHaveLength(1);
  });
});
