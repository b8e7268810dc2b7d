import { afterEach, describe, expect, it } from 'vitest';
import { commands } from '../../../../src/commands/index.ts';
import { defineCommand } from '../../../../src/core/command.ts';
import { StartError } from '../../../../src/core/ports/adapter.ts';
import { askCommand, type Bench, type BenchOptions, helpCommand, openBench } from '../harness.ts';

let bench: Bench | null = null;
afterEach(async () => {
  await bench?.close();
  bench = null;
});

async function open(options: BenchOptions = {}): Promise<Bench> {
  bench = await openBench(options);
  return bench;
}

const writes = ({ discord }: Bench) => discord.requests.filter(({ method }) => method === 'PUT');

describe('registration of commands', () => {
  it('turns the declaration into application commands for guilds, direct messages and user installs', async () => {
    const { discord } = await open();
    expect(discord.commands()).toEqual([
      expect.objectContaining({
        name: 'ask',
        description: 'Ask a language model',
        contexts: [0, 1, 2],
        integration_types: [0, 1],
        default_member_permissions: null,
        options: [
          expect.objectContaining({ name: 'prompt', type: 3, required: true, max_length: 6_000 }),
          expect.objectContaining({ name: 'model', type: 3, required: false, autocomplete: true }),
          expect.objectContaining({ name: 'file', type: 11, required: false }),
          expect.objectContaining({ name: 'file2', type: 11, required: false }),
          expect.objectContaining({ name: 'private', type: 5, required: false }),
        ],
      }),
      expect.objectContaining({ name: 'help', options: [] }),
      expect.objectContaining({ name: 'Ask about this', type: 3, contexts: [0, 1, 2] }),
      expect.objectContaining({ name: 'Delete this answer', type: 3, contexts: [0, 1, 2] }),
    ]);
  });

  it('registers every command that there is within Discord’s limits', async () => {
    const { discord } = await open({ commands });
    expect(discord.commands().map(({ name }) => name)).toEqual([
      ...commands.map(({ name }) => name),
      'Ask about this',
      'Summarise this thread',
      'Delete this answer',
    ]);
    expect(discord.violations).toEqual([]);
  });

  it('offers an admin’s command to those who may manage the server, and choices as choices', async () => {
    const settings = defineCommand({
      name: 'settings',
      description: 'Settings',
      localNames: { de: 'einstellungen' },
      localDescriptions: { de: 'Einstellungen' },
      role: 'admin',
      reply: 'private',
      options: {
        scope: { type: 'choice', description: 'Where', choices: [{ value: 'guild', label: 'Everywhere' }] },
      },
      run: async () => {},
    });
    const { discord } = await open({ commands: [settings] });
    expect(discord.commands()[0]).toMatchObject({
      name_localizations: { de: 'einstellungen' },
      description_localizations: { de: 'Einstellungen' },
      default_member_permissions: '32',
      options: [{ name: 'scope', type: 3, choices: [{ name: 'Everywhere', value: 'guild' }] }],
    });
  });

  it('writes nothing where nothing changed', async () => {
    const running = await open({ commands });
    expect(writes(running)).toHaveLength(1);
    await running.startBot({ commands });
    expect(writes(running)).toHaveLength(1);
  });

  it('writes again where a declaration changed', async () => {
    const running = await open();
    await running.startBot({ commands: [{ ...askCommand, description: 'Ask something else' }, helpCommand] });
    expect(writes(running)).toHaveLength(2);
    expect(running.discord.commands()[0]).toMatchObject({ description: 'Ask something else' });
  });

  it('registers with single guilds on request, and leaves the global commands alone', async () => {
    const { discord, startBot } = await open({ start: false });
    const guild = discord.guild();
    await startBot({ commandGuilds: [guild.id] });
    expect(discord.commands(guild.id).map(({ name }) => name)).toEqual([
      'ask',
      'help',
      'Ask about this',
      'Delete this answer',
    ]);
    expect(discord.commands()).toEqual([]);
  });

  it('ends the start with the invite link where a guild has not given the scope for commands', async () => {
    const { discord, startBot } = await open({ start: false });
    const guild = discord.guild({ commandsScope: false });
    const error = await startBot({ commandGuilds: [guild.id] }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StartError);
    expect((error as StartError).remedy).toContain(
      `https://discord.com/oauth2/authorize?client_id=${discord.applicationId}&scope=bot+applications.commands&permissions=`,
    );
  });
});
