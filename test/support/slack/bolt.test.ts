import { App, type Logger, LogLevel } from '@slack/bolt';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFakeClock } from '../fake-clock.ts';
import { waitUntil } from '../wait-until.ts';
import { createFakeSlack, type FakeSlackOptions } from './fake-slack.ts';

/** Bolt calls it an error when the test hangs up. */
const silent: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => LogLevel.ERROR,
  setName() {},
};

async function setUp(options: FakeSlackOptions = {}) {
  const slack = await createFakeSlack(options);
  onTestFinished(() => slack.close());
  const ann = slack.user('Ann');
  const general = slack.channel('general', [ann]);
  return { slack, ann, general };
}

async function bySocket(options: FakeSlackOptions = {}) {
  const context = await setUp(options);
  const { slack } = context;
  const app = new App({
    socketMode: true,
    appToken: slack.app.appToken,
    token: slack.app.botToken,
    logger: silent,
    clientOptions: { slackApiUrl: slack.apiUrl },
  });
  const start = async () => {
    await app.start();
    onTestFinished(async () => void (await app.stop()));
  };
  return { ...context, app, start };
}

describe('the loopback Slack with the real Bolt, over Socket Mode', () => {
  it('brings a mention as app_mention and as message, both with the same ts', async () => {
    const { slack, ann, general, app, start } = await bySocket();
    const seen: string[] = [];
    app.event('app_mention', async ({ event }) => void seen.push(`app_mention ${event.ts}`));
    app.event('message', async ({ event }) => void seen.push(`message ${event.ts}`));
    await start();
    const { ts } = ann.say(general, `<@${slack.app.botUserId}> hi`);
    await waitUntil(() => expect(seen.toSorted()).toEqual([`app_mention ${ts}`, `message ${ts}`]));
    expect(slack.violations).toEqual([]);
  });

  it('carries a command, its acknowledgement and its response URL, which serves five times', async () => {
    const { slack, ann, general, app, start } = await bySocket();
    const statuses: number[] = [];
    app.command('/ask', async ({ ack, command }) => {
      await ack(`heard: ${command.text}`);
      for (let use = 0; use < 6; use++) {
        const body = JSON.stringify({ text: `reply ${use}` });
        statuses.push((await fetch(command.response_url, { method: 'POST', body })).status);
      }
    });
    await start();
    expect(await ann.slash('/ask', '--model x why?', { channel: general })).toMatchObject({ acked: true });
    await waitUntil(() => expect(statuses).toEqual([200, 200, 200, 200, 200, 404]));
    expect(ann.privateTexts(general).map((message) => message.text)).toContain('heard: --model x why?');
    expect(slack.messages(general)).toEqual([]);
  });

  it('opens a modal on a trigger, and takes the submission with its values', async () => {
    const { ann, general, app, start } = await bySocket();
    const submitted: unknown[] = [];
    app.command('/model', async ({ ack, body, client }) => {
      await ack();
      await client.views.open({ trigger_id: body.trigger_id, view: modelModal });
    });
    app.view('model', async ({ ack, view }) => {
      submitted.push(view.state.values['model']?.['pick']?.selected_option?.value);
      await ack();
    });
    await start();
    await ann.slash('/model', '', { channel: general });
    await waitUntil(() => expect(ann.modal()).toBe('Choose a model\nModel'));
    await ann.submit({ pick: 'GPT-4o' });
    expect(submitted).toEqual(['gpt-4o']);
    expect(ann.modal()).toBe('');
  });

  it('brings presses on buttons, and message shortcuts', async () => {
    const { slack, ann, general, app, start } = await bySocket();
    const seen: unknown[] = [];
    app.action('stop', async ({ ack, body }) => {
      await ack();
      seen.push(body.user.id);
    });
    app.shortcut('ask_about', async ({ ack, shortcut }) => {
      await ack();
      seen.push(shortcut.type === 'message_action' && shortcut.message.text);
    });
    await start();
    await app.client.chat.postMessage({
      channel: general,
      text: 'x',
      blocks: [
        {
          type: 'actions',
          elements: [{ type: 'button', action_id: 'stop', text: { type: 'plain_text', text: 'Stop' } }],
        },
      ],
    });
    const [message] = slack.messages(general);
    if (message === undefined) throw new Error('nothing was posted');
    await ann.click(message, 'Stop');
    await ann.shortcut('ask_about', ann.say(general, 'odd'));
    expect(seen).toEqual([ann.id, 'odd']);
  });

  it('sends an event again at once, after a minute and after five where nobody acknowledges in time', async () => {
    const clock = createFakeClock();
    const { slack, ann, general, app, start } = await bySocket({ clock });
    const attempts: unknown[] = [];
    // A receiver that hears and keeps silent.
    (app as unknown as { processEvent: unknown }).processEvent = async (event: { retryNum?: number }) =>
      void attempts.push(event.retryNum);
    await start();
    ann.say(general, 'hello?');
    for (const [count, waitMs] of [
      [1, 3000],
      [2, 3000 + 60_000],
      [3, 3000 + 300_000],
      [4, 3000],
    ] as const) {
      await waitUntil(() => expect(attempts).toHaveLength(count));
      await clock.advance(waitMs);
    }
    await waitUntil(() => expect(slack.undelivered).toBe(0));
    expect(attempts).toEqual([0, 1, 2, 3]);
    expect(slack.violations.map((violation) => violation.kind)).toEqual(Array(4).fill('late-ack'));
  });

  it('takes several connections, and one that comes back after a goodbye', async () => {
    const first = await bySocket();
    const { slack, ann, general, start } = first;
    const seen: string[] = [];
    const second = new App({
      socketMode: true,
      appToken: slack.app.appToken,
      token: slack.app.botToken,
      logger: silent,
      clientOptions: { slackApiUrl: slack.apiUrl },
    });
    for (const app of [first.app, second])
      app.event('message', async ({ event }) => void seen.push(event.ts));
    await start();
    await second.start();
    onTestFinished(async () => void (await second.stop()));
    expect(slack.socket.connections).toBe(2);
    const sent = [ann.say(general, 'a'), ann.say(general, 'b'), ann.say(general, 'c')].map(({ ts }) => ts);
    await waitUntil(() => expect(seen.toSorted()).toEqual(sent));
    slack.socket.disconnect('refresh_requested');
    await waitUntil(() => expect(slack.socket.connectionsMade).toBe(4), 15_000);
    await waitUntil(() => expect(slack.socket.connections).toBe(2));
    // One for each connection.
    const later = [ann.say(general, 'd'), ann.say(general, 'e')].map(({ ts }) => ts);
    await waitUntil(() => expect(seen.toSorted()).toEqual([...sent, ...later]));
  });
});

describe('the loopback Slack with the real Bolt, over signed HTTP', () => {
  it('delivers what the signature check lets pass', async () => {
    const { slack, ann, general } = await setUp();
    const app = new App({
      signingSecret: slack.app.signingSecret,
      token: slack.app.botToken,
      logger: silent,
      clientOptions: { slackApiUrl: slack.apiUrl },
    });
    const seen: unknown[] = [];
    app.event('message', async ({ event }) => void seen.push(event.type));
    app.command('/ask', async ({ ack, command }) => {
      seen.push(command.text);
      await ack();
    });
    const server = await app.start({ port: 0, host: '127.0.0.1' });
    onTestFinished(async () => void (await app.stop()));
    const address = (server as unknown as { address(): { port: number } }).address();
    slack.useHttp(`http://127.0.0.1:${address.port}/slack/events`);
    ann.say(general, 'hi');
    await waitUntil(() => expect(seen).toEqual(['message']));
    expect(await ann.slash('/ask', 'why & how?', { channel: general })).toMatchObject({ acked: true });
    expect(seen).toEqual(['message', 'why & how?']);
    expect(slack.violations).toEqual([]);
  });
});

const modelModal = {
  type: 'modal' as const,
  callback_id: 'model',
  title: { type: 'plain_text' as const, text: 'Choose a model' },
  submit: { type: 'plain_text' as const, text: 'Save' },
  blocks: [
    {
      type: 'input' as const,
      block_id: 'model',
      label: { type: 'plain_text' as const, text: 'Model' },
      element: {
        type: 'static_select' as const,
        action_id: 'pick',
        options: [{ text: { type: 'plain_text' as const, text: 'GPT-4o' }, value: 'gpt-4o' }],
      },
    },
  ],
};
