import { webApi } from '@slack/bolt';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../fake-clock.ts';
import { createFakeSlack, type FakeSlack, type FakeSlackOptions } from './fake-slack.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function setUp(options: FakeSlackOptions = {}) {
  const clock = createFakeClock();
  const slack = await createFakeSlack({ clock, ...options });
  closers.push(() => slack.close());
  const ann = slack.user('Ann');
  const general = slack.channel('general', [ann]);
  return { slack, clock, ann, general, client: clientFor(slack) };
}

function clientFor(slack: FakeSlack, token = slack.app.botToken): webApi.WebClient {
  return new webApi.WebClient(token, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: {
      debug() {},
      info() {},
      warn() {},
      error() {},
      setLevel() {},
      getLevel: () => 'error' as never,
      setName() {},
    },
  });
}

/** The error that Slack names, or what else went wrong. */
async function errorOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
    return null;
  } catch (error) {
    const { data, code } = error as { data?: { error?: string }; code?: string };
    return data?.error ?? code;
  }
}

describe('the loopback Slack: messages', () => {
  it('keeps the edit history of what people saw', async () => {
    const { slack, general, client } = await setUp();
    const { ts } = await client.chat.postMessage({ channel: general, text: 'one' });
    await client.chat.update({ channel: general, ts: ts ?? '', text: 'two &lt;3' });
    expect(slack.messages(general)).toMatchObject([{ text: 'two <3', history: ['one'], edited: true }]);
    expect(slack.violations).toEqual([]);
  });

  it('keeps the blocks of an update that names none', async () => {
    const { slack, general, client } = await setUp();
    const { ts } = await client.chat.postMessage({
      channel: general,
      text: 'short',
      blocks: [{ type: 'markdown', text: 'long' }],
    });
    await client.chat.update({ channel: general, ts: ts ?? '', text: 'other' });
    expect(slack.messages(general)[0]?.text).toBe('long');
    await client.chat.update({ channel: general, ts: ts ?? '', text: 'other', blocks: [] });
    expect(slack.messages(general)[0]?.text).toBe('other');
  });

  it.each([
    ['text of an update over 4,000', 'msg_too_long', { text: 'x'.repeat(4001) }],
    ['text of an update over 4,000 bytes', 'msg_too_long', { text: '好'.repeat(1_334) }],
    ['Markdown over 12,000', 'msg_too_long', { markdown_text: 'x'.repeat(12_001) }],
    ['Markdown over 12,000 bytes', 'msg_too_long', { markdown_text: 'я'.repeat(6_001) }],
    ['Markdown beside text', 'markdown_text_conflict', { markdown_text: 'x', text: 'y' }],
    ['nothing to say', 'no_text', { text: '' }],
    ['51 blocks', 'invalid_blocks', { text: 'x', blocks: Array(51).fill({ type: 'divider' }) }],
    ['a section over 3,000', 'invalid_blocks', { blocks: [section('x'.repeat(3001))] }],
    ['a section over 3,000 bytes', 'invalid_blocks', { blocks: [section('好'.repeat(1_001))] }],
    ['an empty Markdown block', 'invalid_blocks', { blocks: [{ type: 'markdown', text: '' }] }],
    [
      'two Markdown blocks over 12,000',
      'invalid_blocks',
      { blocks: Array(2).fill({ type: 'markdown', text: 'x'.repeat(6001) }) },
    ],
    [
      'blocks over 10,600 bytes together',
      'msg_blocks_too_long',
      { blocks: Array(4).fill(section('я'.repeat(1_326))) },
    ],
    ['an unknown block', 'invalid_blocks', { blocks: [{ type: 'marquee' }] }],
  ])('refuses %s', async (_name, error, content) => {
    const { slack, general, client } = await setUp();
    const { ts } = await client.chat.postMessage({ channel: general, text: 'x' });
    expect(await errorOf(client.apiCall('chat.update', { channel: general, ts, ...content }))).toBe(error);
    expect(slack.violations).toMatchObject([{ kind: 'limit-broken' }]);
  });

  it('cuts a text over 40,000 and calls it a violation', async () => {
    const { slack, general, client } = await setUp();
    await client.chat.postMessage({ channel: general, text: 'x'.repeat(40_001) });
    expect(slack.messages(general)[0]?.text).toHaveLength(40_000);
    expect(slack.violations).toMatchObject([{ kind: 'truncated' }]);
  });

  it('shows an ephemeral message to one person and lets nobody update it', async () => {
    const { slack, ann, general, client } = await setUp();
    const { message_ts } = await client.chat.postEphemeral({ channel: general, user: ann.id, text: 'psst' });
    expect(ann.privateTexts(general)).toMatchObject([{ text: 'psst' }]);
    expect(slack.messages(general)).toEqual([]);
    const call = client.chat.update({ channel: general, ts: message_ts ?? '', text: 'no' });
    expect(await errorOf(call)).toBe('message_not_found');
  });

  it('refuses channels that the bot is not in, or that are archived', async () => {
    const { slack, ann, general, client } = await setUp();
    const elsewhere = slack.channel('elsewhere', [ann], { bot: false });
    const secret = slack.channel('secret', [ann], { bot: false, kind: 'group' });
    slack.archive(general);
    const post = (channel: string) => errorOf(client.chat.postMessage({ channel, text: 'x' }));
    expect(await post(elsewhere)).toBe('not_in_channel');
    expect(await post(secret)).toBe('channel_not_found');
    expect(await post(general)).toBe('is_archived');
  });

  it('counts the pings that a text would cause, and lets escaped ones be', async () => {
    const { slack, general, client } = await setUp();
    await client.chat.postMessage({ channel: general, text: 'safe: &lt;!channel&gt; @here <\u2060!here>' });
    expect(slack.pings).toEqual([]);
    await client.chat.postMessage({
      channel: general,
      text: '<!channel|x>',
      blocks: [{ type: 'markdown', text: '`<!here>` <@U123|ann> <!subteam^S1> <#C1>' }],
    });
    expect(slack.pings.map((ping) => ping.kind)).toEqual([
      'channel',
      'here',
      'user',
      'usergroup',
      'channel-link',
    ]);
  });

  it('reads plain @here only where the request asks for it', async () => {
    const { slack, general, client } = await setUp();
    await client.chat.postMessage({ channel: general, text: '@here', link_names: true });
    expect(slack.pings).toMatchObject([{ kind: 'here' }]);
  });
});

describe('the loopback Slack: streams', () => {
  async function withThread() {
    const context = await setUp();
    const root = context.ann.say(context.general, 'why?');
    const start = (extra = {}) =>
      context.client.apiCall('chat.startStream', {
        channel: context.general,
        thread_ts: root.ts,
        recipient_team_id: context.slack.teamId,
        recipient_user_id: context.ann.id,
        markdown_text: 'Be',
        ...extra,
      });
    return { ...context, root, start };
  }

  it('appends, stops with blocks, and can be updated afterwards', async () => {
    const { slack, general, client, root, start } = await withThread();
    const { ts } = (await start()) as unknown as { ts: string };
    await client.chat.appendStream({ channel: general, ts, markdown_text: 'cause' });
    expect(await errorOf(client.chat.update({ channel: general, ts, text: 'x' }))).toBe(
      'streaming_state_conflict',
    );
    expect(slack.messages(general, root.ts)[1]).toMatchObject({ text: 'Because', streaming: true });
    await client.chat.stopStream({ channel: general, ts, blocks: [context('gpt-4o')] });
    expect(slack.message(general, ts)).toMatchObject({ text: 'Because', footer: 'gpt-4o', streaming: false });
    expect(await errorOf(client.chat.update({ channel: general, ts, text: 'x' }))).toBe(null);
  });

  it('dies five minutes after its start, however busy, and can be updated then', async () => {
    const { slack, clock, general, client, start } = await withThread();
    const { ts } = (await start()) as unknown as { ts: string };
    await clock.advance(299_000);
    await client.chat.appendStream({ channel: general, ts, markdown_text: '…' });
    await clock.advance(1000);
    const append = client.chat.appendStream({ channel: general, ts, markdown_text: 'late' });
    expect(await errorOf(append)).toBe('message_not_in_streaming_state');
    expect(await errorOf(client.chat.stopStream({ channel: general, ts }))).toBe(
      'message_not_in_streaming_state',
    );
    expect(await errorOf(client.chat.update({ channel: general, ts, text: 'whole' }))).toBe(null);
    expect(slack.violations).toEqual([]);
  });

  it('asks for a thread, and in channels for a recipient', async () => {
    const { start } = await withThread();
    expect(await errorOf(start({ thread_ts: undefined }))).toBe('invalid_thread_ts');
    expect(await errorOf(start({ recipient_user_id: undefined }))).toBe('missing_recipient_user_id');
  });

  it('ends by a person’s stop', async () => {
    const { ann, general, client, root, start } = await withThread();
    const { ts } = (await start()) as unknown as { ts: string };
    ann.stopSession(general, root.ts);
    const append = client.chat.appendStream({ channel: general, ts, markdown_text: 'x' });
    expect(await errorOf(append)).toBe('stopped_by_user');
  });
});

describe('the loopback Slack: limits and rights', () => {
  it('serves fifty updates a minute for the whole workspace, then 429 with Retry-After', async () => {
    const { slack, clock, general, client } = await setUp();
    const { ts } = await client.chat.postMessage({ channel: general, text: 'x' });
    const update = () => client.chat.update({ channel: general, ts: ts ?? '', text: 'y' });
    for (let call = 0; call < 50; call++) await update();
    await clock.advance(20_000);
    await expect(update()).rejects.toMatchObject({ code: 'slack_webapi_rate_limited_error', retryAfter: 40 });
    expect(slack.violations).toEqual([{ kind: 'rate-limited', detail: 'chat.update' }]);
    await clock.advance(40_000);
    await update();
  });

  it('lets a short burst of posts into a channel, then one a second', async () => {
    const { slack, clock, ann, general, client } = await setUp();
    const other = slack.channel('other', [ann]);
    const post = (channel: string) => errorOf(client.chat.postMessage({ channel, text: 'x' }));
    for (let call = 0; call < 5; call++) expect(await post(general)).toBe(null);
    expect(await post(general)).toBe('slack_webapi_rate_limited_error');
    expect(await post(other)).toBe(null);
    await clock.advance(1000);
    expect(await post(general)).toBe(null);
  });

  it('names unknown methods, bad tokens and missing scopes', async () => {
    const { slack, client, ann } = await setUp({
      manifest: { oauth_config: { scopes: { bot: ['chat:write'] } } },
    });
    expect(await errorOf(client.apiCall('chat.shout'))).toBe('unknown_method');
    expect(await errorOf(client.users.info({ user: ann.id }))).toBe('missing_scope');
    expect(await errorOf(clientFor(slack, 'xoxb-wrong').auth.test())).toBe('invalid_auth');
    expect(await errorOf(client.apps.connections.open())).toBe('not_allowed_token_type');
    expect(slack.violations.map((violation) => violation.kind)).toEqual(['unknown-method', 'missing-scope']);
  });

  it('fails before or after the effect as told', async () => {
    const { slack, general, client } = await setUp();
    slack.faults.add({ method: 'chat.postMessage', how: { kind: 'status', status: 503 } });
    expect(await errorOf(client.chat.postMessage({ channel: general, text: 'lost' }))).toBe(
      'slack_webapi_http_error',
    );
    slack.faults.add({ method: 'chat.postMessage', when: 'after', how: { kind: 'reset' } });
    expect(await errorOf(client.chat.postMessage({ channel: general, text: 'stands' }))).toBe(
      'slack_webapi_request_error',
    );
    expect(slack.messages(general).map((message) => message.text)).toEqual(['stands']);
  });

  it('offers the agent view only where it is on', async () => {
    const off = await setUp();
    const on = await setUp({ features: { agentView: true } });
    const status = ({ client, general }: typeof off, thread: string) =>
      errorOf(
        client.agents.sessions.setStatus({ channel_id: general, thread_ts: thread, status: 'processing' }),
      );
    expect(await status(off, off.ann.say(off.general, 'hi').ts)).toBe('feature_disabled');
    expect(await status(on, on.ann.say(on.general, 'hi').ts)).toBe(null);
  });

  it('takes a file in three steps', async () => {
    const { slack, general, client } = await setUp();
    await client.filesUploadV2({ channel_id: general, filename: 'a.txt', content: 'hello' });
    expect(slack.messages(general)).toMatchObject([{ files: ['a.txt'] }]);
  });
});

function section(text: string) {
  return { type: 'section', text: { type: 'mrkdwn', text } };
}

function context(text: string) {
  return { type: 'context' as const, elements: [{ type: 'mrkdwn' as const, text }] };
}
