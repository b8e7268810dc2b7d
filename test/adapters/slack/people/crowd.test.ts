import { afterEach, describe, expect, it } from 'vitest';
import { type Bench, openBench, until } from '../harness.ts';

let bench: Bench;
afterEach(() => bench.close());

const never = new AbortController().signal;

async function setUp() {
  bench = await openBench();
  const { slack, recorded } = bench;
  const calls = (method: string) => slack.requests.filter((request) => request.method === method).length;
  const bot = `<@${slack.app.botUserId}>`;
  return { slack, recorded, calls, bot };
}

describe('a crowd that asks for the first time', () => {
  it('waits for no limit, and each has the role and the home that Slack says', async () => {
    const { slack, recorded, calls, bot } = await setUp();
    const crowd = Array.from({ length: 120 }, (_, index) => slack.user(`Member ${index}`));
    const special = [
      slack.user('Owner', { isOwner: true }),
      slack.user('Admin', { isAdmin: true }),
      slack.user('Left', { isAdmin: true, deleted: true }),
      slack.user('Stranger', { isAdmin: true, teamId: 'T9ELSEWHERE' }),
      slack.user('Colleague', { teamId: 'T8SISTER', orgTeams: ['T8SISTER', slack.teamId] }),
      slack.user('Far colleague', { teamId: 'T8SISTER', orgTeams: ['T8SISTER'] }),
    ];
    const general = slack.channel('general', [...crowd, ...special]);
    for (const person of [...crowd, ...special]) person.say(general, `${bot} hi`);
    await until(() => recorded.messages.length === 126);
    const facts = new Map<string, readonly [isOutsider: boolean | undefined, managesGuild: boolean]>();
    for (const { actor } of recorded.messages)
      facts.set(actor.name, [actor.isOutsider, await actor.managesGuild()]);
    expect(facts.size).toBe(126);
    const factsOf = (names: readonly string[]) =>
      Object.fromEntries(names.map((name) => [name, facts.get(name)]));
    const names = ['Member 119', 'Owner', 'Admin', 'Left', 'Stranger', 'Colleague', 'Far colleague'];
    expect(factsOf(names)).toEqual({
      'Member 119': [false, false],
      Owner: [false, true],
      Admin: [false, true],
      Left: [false, false],
      Stranger: [true, false],
      Colleague: [false, false],
      'Far colleague': [true, false],
    });
    expect(calls('users.list')).toBe(1);
    expect(calls('users.info')).toBeLessThanOrEqual(80 + 3);
    expect(slack.violations).toEqual([]);
  });

  it('knows each channel by one call, or by one for many, and what forbids posting there', async () => {
    const { slack, recorded, calls, bot } = await setUp();
    const ann = slack.user('Ann');
    const channels = Array.from({ length: 60 }, (_, index) => slack.channel(`room-${index}`, [ann]));
    const last = channels.at(-1) ?? '';
    slack.restrict(last, 'restricted_action_read_only_channel', { is_read_only: true });
    for (const channel of channels) ann.say(channel, `${bot} hi`);
    await until(() => recorded.messages.length === 60);
    const obstacles = new Map<string | undefined, string | null | undefined>();
    for (const { place, surface } of recorded.messages)
      obstacles.set(place.channelName, await surface.obstacle?.(never));
    expect(obstacles.size).toBe(60);
    expect(obstacles.get('room-58')).toBeNull();
    expect(obstacles.get('room-59')).toContain('read-only');
    expect([calls('conversations.info'), calls('users.conversations')]).toEqual([40, 1]);
    expect(slack.violations).toEqual([]);
  });
});

describe('a channel that the bot was not in', () => {
  it('counts as soon as somebody invites it, whatever was known of the channel', async () => {
    const { slack, recorded } = await setUp();
    const ann = slack.user('Ann');
    const secret = slack.channel('secret', [ann], { bot: false });
    await ann.slash('/stop', '', { channel: secret });
    await until(() => recorded.commands.length === 1);
    expect(recorded.commands[0]?.place.channelName).toBe('secret');
    slack.inviteBot(secret);
    await ann.slash('/ask', 'why?', { channel: secret });
    await until(() => recorded.commands.length === 2);
    expect(recorded.commands[1]?.command).toBe('ask');
  });
});
