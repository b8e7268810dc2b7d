import { PermissionsBitField } from 'discord.js';
import { afterEach, describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../../src/adapters/discord/gateway/permissions.ts';
import { StartError } from '../../../src/core/ports/adapter.ts';
import { openGuild } from '../../support/discord/guild.ts';
import { createFastClock } from '../../support/fast-clock.ts';
import { type Bench, type BenchOptions, openBench } from './harness.ts';

let bench: Bench | null = null;
afterEach(async () => {
  await bench?.close();
  bench = null;
});

async function open(options: BenchOptions = {}): Promise<Bench> {
  bench = await openBench(options);
  return bench;
}

async function startError(work: Promise<unknown>): Promise<StartError> {
  const error = await work.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StartError);
  return error as StartError;
}

describe('the start', () => {
  it('says where to get a token when Discord does not know this one, without repeating it', async () => {
    const { startBot } = await open({ start: false });
    const { message, remedy } = await startError(startBot({ token: 'wrong-token' }));
    expect(message).toBe('Discord does not accept DISCORD_TOKEN.');
    expect(remedy).toContain('https://discord.com/developers/applications');
    expect(remedy).toContain('Reset Token');
    expect(message + remedy).not.toContain('wrong-token');
  });

  it('says which switch to turn when the gateway refuses the intent', async () => {
    const { discord, startBot } = await open({ start: false });
    discord.gateway.refuse(4014);
    const { message, remedy } = await startError(startBot());
    expect(message).toContain('4014');
    expect(remedy).toContain(`https://discord.com/developers/applications/${discord.applicationId}/bot`);
    expect(remedy).toContain('Message Content Intent');
  });

  it('names the shard settings when the gateway refuses the shards', async () => {
    const { discord, startBot } = await open({ start: false });
    discord.gateway.refuse(4011);
    expect((await startError(startBot())).remedy).toContain('DISCORD_SHARDS');
  });

  it('knows what the guilds are called that it is in, also those that it joins later', async () => {
    const { discord, adapter } = await open({ prepare: (before) => void before.guild({ name: 'Chess' }) });
    const later = discord.guild({ name: 'Go' });
    await expect.poll(() => [...(adapter.guildNames?.().values() ?? [])]).toEqual(['Chess', 'Go']);
    expect(adapter.guildNames?.().get(`discord:${later.id}`)).toBe('Go');
  });

  it('prints an invite link with exactly the permissions that are needed', async () => {
    const { discord, adapter } = await open();
    const [note = ''] = adapter.notes;
    const link = new URL(note.slice(note.indexOf('https://')));
    expect(link.searchParams.get('client_id')).toBe(discord.applicationId);
    expect(link.searchParams.get('scope')).toBe('bot applications.commands');
    const permissions = new PermissionsBitField(BigInt(link.searchParams.get('permissions') ?? 0));
    expect(permissions.toArray().sort()).toEqual(Object.keys(PERMISSIONS).sort());
    expect(adapter.notes).toHaveLength(1);
  });

  it('does not ask for message content where it is switched off, and says once what that means', async () => {
    const { discord, adapter, recorded } = await open({ messageContent: false });
    expect(adapter.ready()).toBe(true);
    expect(adapter.notes.filter((note) => note.includes('Message Content Intent'))).toHaveLength(1);
    const { channel, ada } = openGuild(discord);
    ada.say(channel, `${discord.botMention} hello`);
    await discord.until(() => recorded.messages.length === 1);
    expect(recorded.messages[0]?.text).toBe('hello');
    expect(recorded.messages[0]?.surface.caveat).toContain('mention me');
  });

  it('says that Discord cannot be reached, and where to look', async () => {
    const { discord, startBot } = await open({ start: false, clock: createFastClock(500) });
    discord.faults.add('GET', /applications\/@me$/, { kind: 'status', status: 503, when: 'before' }, 10);
    const { message, remedy } = await startError(startBot());
    expect(message).toBe('Discord cannot be reached.');
    expect(remedy).toContain('DISCORD_API_URL');
  });

  it('survives an outage of a few seconds', async () => {
    const { discord, startBot } = await open({ start: false });
    discord.faults.add('GET', /applications\/@me$/, { kind: 'status', status: 503, when: 'before' });
    const adapter = await startBot();
    expect(adapter.ready()).toBe(true);
  });

  it('runs the shards that Discord recommends', async () => {
    const { discord } = await open({ recommendedShards: 3 });
    expect(discord.gateway.identified.map(({ shard }) => shard)).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
    ]);
  });

  it('runs the shards that it is given, and leaves registration to the process with shard 0', async () => {
    const { discord, startBot } = await open({ start: false });
    await startBot({ shards: { ids: [2, 3], count: 4 } });
    expect(discord.gateway.identified.map(({ shard }) => shard)).toEqual([
      [2, 4],
      [3, 4],
    ]);
    expect(discord.commands()).toEqual([]);
    await startBot({ shards: { ids: [0, 1], count: 4 } });
    expect(discord.commands().map(({ name }) => name)).toEqual([
      'ask',
      'help',
      'Ask about this',
      'Delete this answer',
    ]);
  });
});

describe('readiness', () => {
  it('is gone while the gateway is, and comes back with it', async () => {
    const { discord, adapter } = await open();
    expect(adapter.ready()).toBe(true);
    discord.gateway.drop();
    await discord.until(() => !adapter.ready(), 'the adapter is not ready');
    await discord.until(() => adapter.ready(), 'the adapter is ready again');
    expect(discord.gateway.resumes).toBe(1);
  });

  it('is false before the start and after a refusal for good', async () => {
    const { discord, adapter } = await open();
    const unstarted = await openBench({ start: false });
    expect(unstarted.adapter.ready()).toBe(false);
    await unstarted.close();
    discord.gateway.drop(4004);
    await discord.until(() => !adapter.ready(), 'the adapter is not ready');
  });
});
