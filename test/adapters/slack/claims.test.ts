import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { commands } from '../../../src/commands/index.ts';
import { systemClock } from '../../../src/core/kit/time/clock.ts';
import { type ClaimStore, type Store, StoreError } from '../../../src/core/ports/store.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { createFastClock } from '../../support/fast-clock.ts';
import { createTestBot } from '../../support/test-bot.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { openBench, until } from './harness.ts';

/** A Slack that waits no full 3 s for an acknowledgement before it sends an event again. */
const HASTY = { deliveryClock: createFastClock(10) };

const TRANSPORTS = [['Socket Mode', false] as const, ['HTTP', true] as const];

/** The whole bot on a store whose claims do what a test says. */
async function setUp(http: boolean, { agentView = false, deliveryClock = systemClock } = {}) {
  const real = await openStore('memory:', { clock: systemClock, log: pino({ level: 'silent' }) });
  /** Before and after each claim of an event. */
  const hooks = { before: async () => {}, after: async () => {} };
  const claim: ClaimStore['claim'] = async (...args) => {
    await hooks.before();
    const claimed = await real.claims.claim(...args);
    await hooks.after();
    return claimed;
  };
  const claims = new Proxy(real.claims, {
    get(target, name) {
      if (name === 'claim') return claim;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const store = new Proxy(real, {
    get(target, name) {
      if (name === 'claims') return claims;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  }) as Store;
  const bot = await createTestBot({ store });
  onTestFinished(bot.close);
  const bench = await openBench({ http, commands, agentView, deliveryClock, dispatch: bot.dispatch });
  onTestFinished(bench.close);
  const { slack } = bench;
  const ann = slack.user('Ann');
  const general = slack.channel('general', [ann]);
  /** Writes a mention, of which Slack tells the bot twice: as a message and as a mention. */
  const say = (text: string) => ann.say(general, `<@${slack.app.botUserId}> ${text}`).ts;
  const answered = (thread: string) =>
    until(() => slack.messages(general, thread).some(({ buttons }) => buttons[0]?.label === 'Retry…'));
  const down = async () => {
    throw new StoreError('the store is down');
  };
  const up = async () => {};
  return { bot, slack, ann, general, say, answered, hooks, down, up };
}

it('a command that comes to nothing leaves no claim open', async () => {
  const { bot, slack, ann } = await setUp(false);
  const elsewhere = slack.channel('elsewhere', [ann], { bot: false });
  await ann.slash('/ask', 'why?', { channel: elsewhere });
  await until(() => ann.privateTexts(elsewhere).length === 1);
  await waitUntil(async () => expect(await bot.store.claims.underWay(0)).toEqual([]));
});

describe.each(TRANSPORTS)('an event over %s', (_, http) => {
  it('is in the store before it is acknowledged under either of its names, and nothing is looked up before', async () => {
    const { bot, slack, say, answered, hooks, up } = await setUp(http);
    bot.provider.answer('Yes.');
    const calls = slack.requests.length;
    const held = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    hooks.after = () => {
      reached.resolve();
      return held.promise;
    };
    const thread = say('hi');
    await reached.promise;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(slack.undelivered).toBe(2);
    expect(slack.requests).toHaveLength(calls);
    hooks.after = up;
    held.resolve();
    await answered(thread);
    await until(() => slack.undelivered === 0);
    expect(bot.provider.chats).toHaveLength(1);
  });

  it('is acknowledged at once while people are still looked up for an earlier one at the same place', async () => {
    const { slack, ann, general } = await setUp(http);
    slack.faults.add({ method: 'users.info', how: { kind: 'silence' }, times: 10 });
    const mention = `<@${slack.app.botUserId}>`;
    const { ts: thread } = ann.say(general, `${mention} One?`);
    await until(() => slack.requests.some(({ method }) => method === 'users.info'));
    ann.say(general, `${mention} Two?`, { thread });
    await until(() => slack.undelivered === 0);
    expect(slack.violations).toEqual([]);
  });

  it('is not acknowledged while the store does not take it, and is answered once when it is sent again', async () => {
    const { bot, slack, say, answered, hooks, down, up } = await setUp(http, HASTY);
    bot.provider.answer('Yes.');
    let tries = 0;
    hooks.before = async () => {
      tries += 1;
      if (tries === 1) return down();
      hooks.before = up;
    };
    const thread = say('hi');
    // Slack sends it again at once.
    await answered(thread);
    await until(() => slack.undelivered === 0);
    expect(tries).toBeGreaterThanOrEqual(2);
    expect(bot.provider.chats).toHaveLength(1);
  });

  it('is answered once where the store took it and did not say so', async () => {
    const { bot, slack, say, answered, hooks, down, up } = await setUp(http, HASTY);
    bot.provider.answer('Yes.');
    hooks.after = () => {
      hooks.after = up;
      return down();
    };
    const thread = say('hi');
    await answered(thread);
    await until(() => slack.undelivered === 0);
    expect(bot.provider.chats).toHaveLength(1);
  });

  it('tells who uses a command or presses a button that the store does not take it', async () => {
    const { bot, slack, ann, general, hooks, down, up } = await setUp(http);
    bot.provider.answer('Yes.');
    hooks.before = down;
    await ann.slash('/ask', 'why?', { channel: general });
    await until(() => ann.privateTexts(general).length === 1);
    expect(ann.privateTexts(general)[0]?.text).toContain('cannot reach its');
    expect(bot.provider.chats).toEqual([]);
    hooks.before = up;
    await ann.slash('/ask', 'why?', { channel: general });
    const answers = () => {
      const [root] = slack.messages(general);
      return root === undefined ? [] : slack.messages(general, root.ts).slice(1);
    };
    await until(() => answers()[0]?.buttons.some(({ label }) => label === 'Retry…') ?? false);
    hooks.before = down;
    await ann.click(answers()[0] as ReturnType<typeof answers>[number], 'Retry…');
    await until(() => ann.privateTexts(general).length === 2);
    expect(bot.provider.chats).toHaveLength(1);
  });

  it('keeps a form open that the store does not take, with what was typed', async () => {
    const { slack, ann, general, hooks, down } = await setUp(http);
    await ann.slash('/ask', '', { channel: general });
    await until(() => ann.modal() !== '');
    hooks.before = down;
    await ann.submit({ prompt: 'why?' });
    expect(ann.modal()).not.toBe('');
    expect(slack.violations).toEqual([]);
  });
});

/** Over HTTP alone: there Slack sends again at once, and both transports claim in one place. */
describe('an event over HTTP', () => {
  it('that deletes a question, or stops its answer, is sent again until the store takes it', async () => {
    const { bot, slack, ann, general, say, down, hooks, up } = await setUp(true, { agentView: true });
    let retracts = 0;
    const { retract } = bot.dispatch;
    bot.dispatch.retract = (...args) => (++retracts === 1 ? down() : retract(...args));
    const deleted = bot.provider.live();
    const thread = say('one');
    await deleted.text('One');
    ann.remove({ channel: general, ts: thread });
    await until(() => retracts === 2);
    expect(await (await deleted.request).closed).toBe('aborted');

    const stopped = bot.provider.live();
    const { ts } = ann.say(ann.dm, 'two');
    await stopped.text('Two');
    await until(() => slack.messages(ann.dm, ts).length === 2);
    let claims = 0;
    hooks.before = () => (++claims === 1 ? down() : up());
    ann.stopSession(ann.dm, ts);
    expect(await (await stopped.request).closed).toBe('aborted');
    expect(claims).toBeGreaterThan(1);
    await until(() => slack.undelivered === 0);
  });
});

describe('a fault between the acknowledgement and the answer', () => {
  it('is told to the asker', async () => {
    const { bot, ann, general, say } = await setUp(false);
    bot.dispatch.message = () => Promise.reject(new Error('a fault'));
    say('hi');
    await until(() => ann.privateTexts(general).length === 1);
    expect(ann.privateTexts(general)[0]?.text).toContain('Something went wrong');
  });
});
