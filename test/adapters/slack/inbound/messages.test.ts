import { afterEach, describe, expect, it } from 'vitest';
import type { MessageView } from '../../../../src/core/ports/surface.ts';
import { type Bench, type BenchOptions, openBench, quiet, until } from '../harness.ts';

let bench: Bench;
afterEach(() => bench.close());

async function setUp(options: BenchOptions = {}) {
  bench = await openBench(options);
  const { slack, recorded } = bench;
  const ann = slack.user('Ann');
  const bob = slack.user('Bob');
  const general = slack.channel('general', [ann, bob]);
  const bot = `<@${slack.app.botUserId}>`;
  return {
    ...bench,
    slack,
    recorded,
    ann,
    bob,
    general,
    bot,
    quiet: (messages = 0) => quiet(bench, messages),
  };
}

const never = new AbortController().signal;
const view = (text: string): MessageView => ({
  text,
  source: text,
  status: 'complete',
  note: null,
  footer: null,
  buttons: [],
});

describe('Slack messages', () => {
  it('brings a mention once, without its mention, however many events carry it', async () => {
    const { slack, recorded, ann, general, bot, quiet } = await setUp();
    const { ts } = ann.say(general, `${bot}, what is <https://x.org/a?b=1&amp;c|this> &lt;b&gt;?`);
    await quiet(1);
    expect(recorded.messages).toHaveLength(1);
    expect(recorded.messages[0]).toMatchObject({
      id: `slack:${slack.teamId}/${general}/${ts}`,
      text: 'what is [this](https://x.org/a?b=1&c) <b>?',
      address: { mentionsBot: true, isDirect: false },
      actor: { guild: `slack:${slack.teamId}`, user: `${slack.teamId}/${ann.id}`, name: 'Ann' },
      place: {
        guild: `slack:${slack.teamId}`,
        channel: `slack:${slack.teamId}/${general}`,
        key: `slack:${slack.teamId}/${general}/${ts}`,
      },
    });
  });

  it('shows the model names instead of ids', async () => {
    const { slack, recorded, ann, bob, general, bot } = await setUp();
    const devs = slack.userGroup('devs', [ann]);
    const say = `${bot} ask <@${bob.id}> in <#C123|random>, or <!here>, <#${general}|>, <#${general}>, <!subteam^${devs}> :tada:`;
    ann.say(general, say);
    await until(() => recorded.messages.length > 0);
    expect(recorded.messages[0]?.text).toBe(
      'ask @Bob in #random, or @here, #general, #general, @devs :tada:',
    );
  });

  it('does not show the name of a private channel to those who know its id', async () => {
    const { slack, recorded, ann, bob, general, bot } = await setUp();
    const secret = slack.channel('takeover', [bob], { kind: 'group' });
    ann.say(general, `${bot} what is said in <#${secret}> and <#${general}>?`);
    await until(() => recorded.messages.length > 0);
    expect(recorded.messages[0]?.text).toMatch(/^what is said in (?!.*takeover).* and #general\?$/);
  });

  it('claims no edit of what was no question', async () => {
    const { recorded, ann, general, bot, quiet } = await setUp();
    recorded.asked = false;
    recorded.hearing = false;
    ann.edit(ann.say(general, 'hi'), `${bot} hi`);
    await quiet();
    expect(recorded.claims).toEqual([]);
  });

  it('never starts from its own messages and their edits, from other bots, or from edits of people', async () => {
    const { slack, recorded, ann, general, bot, quiet } = await setUp();
    const question = ann.say(general, `${bot} hi`);
    await until(() => recorded.messages.length === 1);
    const message = await recorded.messages[0]?.surface.openMessage(view('Hello'), never);
    await message?.update(view(`Hello ${bot}`), never);
    ann.edit(question, `${bot} hi there`);
    ann.edit(ann.say(general, 'hi'), `${bot} hi`);
    const robot = slack.user('Robot', { isBot: true });
    await slack.deliver(
      slack.wrap({
        type: 'message',
        subtype: 'bot_message',
        channel: general,
        channel_type: 'channel',
        text: `${bot} hi`,
        bot_id: 'B9',
        ts: '1.2',
      }),
    );
    await slack.deliver(
      slack.wrap({
        type: 'app_mention',
        channel: general,
        user: robot.id,
        bot_id: 'B9',
        text: `${bot} hi`,
        ts: '1.3',
      }),
    );
    await quiet();
    expect(recorded.messages).toHaveLength(1);
  });

  it('leaves alone what is said in a channel without a mention', async () => {
    const { recorded, ann, general, quiet } = await setUp();
    ann.say(general, 'lunch?');
    await quiet();
    expect(recorded.messages).toEqual([]);
  });

  it('takes a thread for one place, whoever began it, and says that others write there', async () => {
    const { slack, recorded, ann, bob, general, bot } = await setUp();
    const key = (ts: string) => `slack:${slack.teamId}/${general}/${ts}`;
    const own = ann.say(general, `${bot} hi`);
    await until(() => recorded.messages.length === 1);
    bob.say(general, 'and why?', { thread: own.ts });
    await until(() => recorded.messages.length === 2);
    const theirs = ann.say(general, 'what do you all think?');
    bob.say(general, `${bot} you?`, { thread: theirs.ts });
    await until(() => recorded.messages.length === 3);
    ann.say(general, 'thanks, bob', { thread: theirs.ts });
    ann.say(ann.dm, 'hi');
    await until(() => recorded.messages.length === 5);
    expect(
      recorded.messages.map(({ place, address, surface }) => [
        place.key,
        address.mentionsBot,
        surface.isOverheard,
      ]),
    ).toEqual([
      [key(own.ts), true, true],
      [key(own.ts), false, true],
      [key(theirs.ts), true, true],
      [key(theirs.ts), false, true],
      [`slack:${slack.teamId}/${ann.dm}`, false, false],
    ]);
  });

  it('brings what needs no mention where admins chose that, and answers in the channel where they chose that', async () => {
    const { slack, recorded, ann, general, bot, quiet } = await setUp();
    ann.say(general, 'not for the bot');
    await quiet();
    recorded.rules = { hearsAll: true, inThread: false };
    ann.say(general, 'why?');
    await until(() => recorded.messages.length === 1);
    const [asked] = recorded.messages;
    expect(asked).toMatchObject({ text: 'why?', place: { key: null }, address: { mentionsBot: false } });
    const live = await asked?.surface.openMessage(view('Because.'), never);
    const answer = slack.messages(general).at(-1);
    expect(answer).toMatchObject({ text: 'Because.', threadTs: null });
    expect(live?.key).toBe(`slack:${slack.teamId}/${general}/${answer?.ts}`);
    recorded.rules = { hearsAll: false, inThread: null };
    const { ts } = ann.say(general, `${bot} and now?`);
    await until(() => recorded.messages.length === 2);
    expect(recorded.messages[1]?.place.key).toBe(`slack:${slack.teamId}/${general}/${ts}`);
    expect(slack.violations).toEqual([]);
  });

  it('names the channel, a private one too, for those who are in it; not direct messages', async () => {
    const { slack, recorded, ann, general, bot } = await setUp();
    ann.say(general, `${bot} hi`);
    await until(() => recorded.messages.length === 1);
    expect(recorded.messages[0]?.place.channelName).toBe('general');
    ann.say(ann.dm, 'hi');
    await until(() => recorded.messages.length === 2);
    expect(recorded.messages[1]?.place).not.toHaveProperty('channelName');
    await ann.slash('/ask', 'why?', { channel: general });
    await until(() => recorded.commands.length === 1);
    expect(recorded.commands[0]?.place.channelName).toBe('general');
    expect(slack.violations).toEqual([]);
  });

  it('looks nobody up who writes in a thread that is no conversation', async () => {
    const { slack, recorded, ann, bob, general, quiet } = await setUp();
    recorded.hearing = false;
    const root = ann.say(general, 'lunch?');
    bob.say(general, `what about <@${ann.id}>’s place?`, { thread: root.ts });
    await quiet();
    expect(recorded.messages).toEqual([]);
    expect(slack.requests.filter(({ method }) => method === 'users.info')).toEqual([]);
  });

  it('brings what is said in one place in its order, however long each name takes to look up', async () => {
    const { slack, recorded, ann, bob, bot, general } = await setUp();
    const held = Promise.withResolvers<void>();
    slack.faults.add({
      method: 'users.info',
      matches: ({ user }) => user === bob.id,
      how: { kind: 'hold', until: held.promise },
    });
    const root = ann.say(general, `${bot} who is <@${bob.id}>?`);
    await until(() => slack.requests.some(({ args }) => args['user'] === bob.id));
    ann.say(general, `${bot} and who am I?`, { thread: root.ts });
    ann.say(general, `${bot} elsewhere`);
    await until(() => recorded.messages.length > 0);
    held.resolve();
    await until(() => recorded.messages.length === 3);
    expect(recorded.messages.map(({ text }) => text)).toEqual(['elsewhere', 'who is @Bob?', 'and who am I?']);
  });

  it('keeps out of it where somebody plainly addresses somebody else', async () => {
    const { recorded, ann, bob, general, bot, quiet } = await setUp();
    const root = ann.say(general, `${bot} hi`);
    bob.say(general, `<@${ann.id}> that is wrong`, { thread: root.ts });
    for (const everybody of ['<!here>', '<!channel>', '<!everyone>', '<!subteam^S1|@devs>']) {
      bob.say(general, ` ${everybody} lunch?`, { thread: root.ts });
    }
    bob.say(general, `<@${ann.id}> and ${bot} what now?`, { thread: root.ts });
    await quiet(2);
    expect(recorded.messages.map(({ text }) => text).filter((text) => text !== 'hi')).toEqual([
      '@Ann and @Parley what now?',
    ]);
  });

  it('takes no mention in code for one', async () => {
    const { recorded, ann, general, bot, quiet } = await setUp();
    ann.say(general, `type \`${bot} hi\` to ask it`);
    ann.say(general, `like this:\n\`\`\`\n${bot} hi\n\`\`\``);
    ann.say(general, `what is \`code\`, ${bot}?`);
    await quiet(1);
    expect(recorded.messages.map(({ text }) => text)).toEqual(['what is `code`, @Parley?']);
  });

  it('reads many halves of mentions in a moment', async () => {
    const { recorded, ann, general, bot } = await setUp();
    const halves = '<@UA|'.repeat(8_000);
    const startedAtMs = performance.now();
    ann.say(general, `${bot} ${halves}`);
    await until(() => recorded.messages.length === 1);
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    expect(recorded.messages[0]?.text).toBe(halves);
  });

  it('takes a direct message as one conversation where Slack has no agent view', async () => {
    const { slack, recorded, ann } = await setUp({ features: { agentView: false } });
    ann.say(ann.dm, 'hi');
    ann.say(ann.dm, 'and you?');
    await until(() => recorded.messages.length === 2);
    expect(recorded.messages.map(({ place, address }) => [place.key, address.isDirect])).toEqual(
      Array(2).fill([`slack:${slack.teamId}/${ann.dm}`, true]),
    );
    await recorded.messages[0]?.surface.openMessage(view('Hello'), never);
    expect(slack.messages(ann.dm).map(({ text }) => text)).toEqual(['hi', 'and you?', 'Hello']);
    expect(slack.violations).toEqual([]);
  });

  it('takes each thread of a direct message as a conversation where Slack has the agent view', async () => {
    const { slack, recorded, ann } = await setUp({ agentView: true });
    const first = ann.say(ann.dm, 'hi');
    await until(() => recorded.messages.length === 1);
    const again = ann.say(ann.dm, 'more', { thread: first.ts });
    await until(() => recorded.messages.length === 2);
    const key = `slack:${slack.teamId}/${ann.dm}/${first.ts}`;
    expect(recorded.messages.map(({ place }) => place.key)).toEqual([key, key]);
    expect(again.threadTs).toBe(first.ts);
  });

  it('takes a command behind a mention, as Slack takes none in threads', async () => {
    const { slack, recorded, ann, general, bot } = await setUp();
    const root = ann.say(general, 'a thread');
    const said = ann.say(general, `${bot} /model --scope conversation gpt-4o`, { thread: root.ts });
    await until(() => recorded.commands.length === 1);
    expect(recorded.commands[0]).toMatchObject({
      id: `slack:${slack.teamId}/${general}/${said.ts}`,
      command: 'model',
      options: { scope: 'conversation', model: 'gpt-4o' },
      place: { key: `slack:${slack.teamId}/${general}/${root.ts}` },
    });
    await recorded.commands[0]?.surface.tellPrivately({ text: 'Done.' }, never);
    expect(ann.privateTexts(general)).toMatchObject([{ text: 'Done.', threadTs: root.ts }]);
    ann.say(general, `${bot} /stop it`, { thread: root.ts });
    await until(() => ann.privateTexts(general).length === 2);
    expect(ann.privateTexts(general)[1]?.text).toBe('`/stop` does not take “it”. Type `/stop`.');
    expect(recorded.messages).toEqual([]);
  });

  it('says a word to the asker alone where Slack shows it: in the thread, or in the channel where there is none yet', async () => {
    const { slack, recorded, ann, general, bot } = await setUp();
    ann.say(general, `${bot} hi`);
    await until(() => recorded.messages.length === 1);
    await recorded.messages[0]?.surface.tellPrivately({ text: 'Not today.' }, never);
    const root = ann.say(general, 'a thread');
    ann.say(general, `${bot} hi`, { thread: root.ts });
    await until(() => recorded.messages.length === 2);
    await recorded.messages[1]?.surface.tellPrivately({ text: 'Nor here.' }, never);
    expect(ann.privateTexts(general)).toMatchObject([
      { text: 'Not today.', threadTs: null },
      { text: 'Nor here.', threadTs: root.ts },
    ]);
    expect(slack.violations).toEqual([]);
  });

  it('takes what only looks like a command for a question', async () => {
    const { recorded, ann, general, bot } = await setUp();
    ann.say(general, `${bot} /etc/passwd is what?`);
    await until(() => recorded.messages.length > 0);
    expect(recorded.messages[0]?.text).toBe('/etc/passwd is what?');
  });

  it('says when a question was deleted', async () => {
    const { recorded, ann, general, bot } = await setUp();
    const question = ann.say(general, `${bot} hi`);
    await until(() => recorded.messages.length === 1);
    ann.remove(question);
    await until(() => recorded.retracted.length === 1);
    expect(recorded.retracted).toEqual([recorded.messages[0]?.id]);
  });

  it('says so too where its answer stands already, under which Slack keeps a tombstone', async () => {
    const { recorded, ann, general, bot } = await setUp();
    const question = ann.say(general, `${bot} hi`);
    await until(() => recorded.messages.length === 1);
    await recorded.messages[0]?.surface.openMessage(view('Hello'), never);
    ann.remove(question);
    await until(() => recorded.retracted.length === 1);
    expect(recorded.retracted).toEqual([recorded.messages[0]?.id]);
  });

  it('asks Slack who is an admin, and never takes somebody from elsewhere for one', async () => {
    const { slack, recorded, general, bot, quiet } = await setUp();
    const people = [
      slack.user('Owner', { isOwner: true }),
      slack.user('Admin', { isAdmin: true }),
      slack.user('Member'),
      slack.user('Stranger', { isAdmin: true, teamId: 'T9ELSEWHERE' }),
      slack.user('Left', { isAdmin: true, deleted: true }),
    ];
    for (const person of people) {
      slack.join(general, person);
      person.say(general, `${bot} hi`);
    }
    await quiet(5);
    const rights = new Map<string, boolean>();
    for (const { actor } of recorded.messages) rights.set(actor.name, await actor.managesGuild());
    expect(Object.fromEntries(rights)).toEqual({
      Owner: true,
      Admin: true,
      Member: false,
      Stranger: false,
      Left: false,
    });
    expect(slack.requests.filter(({ method }) => method === 'users.info')).toHaveLength(people.length);
  });

  it('asks Slack for user groups when they are needed, once in a while, and knows who is in which', async () => {
    const { slack, recorded, ann, general, bot, quiet } = await setUp();
    const bob = slack.user('Bob');
    slack.join(general, bob);
    const [devs, all] = [slack.userGroup('devs', [ann]), slack.userGroup('all', [ann, bob])];
    for (const person of [ann, bob]) person.say(general, `${bot} hi`);
    await quiet(2);
    const asked = () => slack.requests.filter(({ method }) => method === 'usergroups.list').length;
    expect(asked()).toBe(0);
    const groups = new Map<string, readonly string[] | null>();
    for (const { actor } of recorded.messages) groups.set(actor.name, await actor.groups());
    expect(Object.fromEntries(groups)).toEqual({ Ann: [devs, all], Bob: [all] });
    expect(asked()).toBe(1);
    expect(slack.violations).toEqual([]);
  });

  it('does not know who is in which group where Slack does not say, and does not ask for each', async () => {
    const { slack, recorded, ann, general, bot } = await setUp();
    slack.userGroup('devs', []);
    slack.faults.add({ method: 'usergroups.list', how: { kind: 'status', status: 500 }, times: 99 });
    ann.say(general, `${bot} hi`);
    await until(() => recorded.messages.length > 0);
    const actor = recorded.messages[0]?.actor;
    expect([await actor?.groups(), await actor?.groups()]).toEqual([null, null]);
    expect(slack.requests.filter(({ method }) => method === 'usergroups.list')).toHaveLength(1);
  });

  it('knows nobody in a group where the plan has none', async () => {
    const { slack, recorded, ann, general, bot } = await setUp();
    slack.faults.add({ method: 'usergroups.list', how: { kind: 'error', error: 'plan_upgrade_required' } });
    ann.say(general, `${bot} hi`);
    await until(() => recorded.messages.length > 0);
    expect(await recorded.messages[0]?.actor.groups()).toEqual([]);
  });

  it('takes somebody for a member where Slack does not say', async () => {
    const { slack, recorded, ann, general, bot } = await setUp();
    slack.faults.add({ method: 'users.info', how: { kind: 'status', status: 500 }, times: 99 });
    ann.say(general, `${bot} hi`);
    await until(() => recorded.messages.length > 0);
    expect(await recorded.messages[0]?.actor.managesGuild()).toBe(false);
    expect(recorded.messages[0]?.actor.name).toBe('Somebody');
  });

  it('ignores what was sent for another workspace', async () => {
    const { slack, recorded, general, bot, quiet } = await setUp();
    const { payload, type } = slack.wrap({
      type: 'message',
      channel: general,
      channel_type: 'im',
      user: 'U1',
      text: `${bot} hi`,
      ts: '1.2',
    });
    await slack.deliver({ type, payload: { ...payload, authorizations: [{ team_id: 'T9ELSEWHERE' }] } });
    await quiet();
    expect(recorded.messages).toEqual([]);
  });
});
