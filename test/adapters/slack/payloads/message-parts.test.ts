import { afterEach, describe, expect, it } from 'vitest';
import { type Bench, type BenchOptions, openBench, quiet, until } from '../harness.ts';

let bench: Bench;
afterEach(() => bench.close());

async function setUp(options: BenchOptions = {}) {
  bench = await openBench(options);
  const { slack, recorded } = bench;
  const ann = slack.user('Ann');
  const bob = slack.user('Bob');
  const general = slack.channel('general', [ann, bob]);
  return { slack, recorded, adapter: bench.adapter, ann, bob, general, bot: `<@${slack.app.botUserId}>` };
}

const notes = { name: 'notes.md', type: 'text/markdown', bytes: '# Notes' };
const photo = { name: 'cat.png', type: 'image/png', bytes: 'png' };

describe('what comes with a Slack message', () => {
  it('is its files, however Slack orders the events that carry it', async () => {
    const { slack, recorded, ann, general, bot } = await setUp();
    ann.say(general, `${bot} what is this?`, { files: [notes, photo] });
    await quiet(bench, 1);
    expect(recorded.messages).toHaveLength(1);
    expect(recorded.messages[0]?.parts).toMatchObject([
      { type: 'text', text: 'what is this?' },
      { type: 'file', name: 'notes.md', mediaType: 'text/markdown', sizeBytes: 7 },
      { type: 'image', name: 'cat.png', mediaType: 'image/png' },
    ]);
    expect(slack.requests.filter(({ method }) => method === 'conversations.history')).toEqual([]);
  });

  it('is looked up where the mention alone arrives, which carries no files', async () => {
    const { slack, recorded, ann, general, bot } = await setUp();
    slack.app.events = new Set([...slack.app.events].filter((event) => event !== 'message.channels'));
    ann.say(general, `${bot} what is this?`, { files: [notes] });
    await until(() => recorded.messages.length === 1);
    expect(recorded.messages[0]?.parts).toMatchObject([{ text: 'what is this?' }, { name: 'notes.md' }]);
  });

  it('is a file without a word', async () => {
    const { recorded, ann } = await setUp();
    ann.say(ann.dm, '', { files: [photo] });
    await until(() => recorded.messages.length === 1);
    expect(recorded.messages[0]?.parts).toMatchObject([{ type: 'text', text: '' }, { type: 'image' }]);
  });

  it('is a forwarded message with its author and files', async () => {
    const { slack, recorded, ann, bob, general } = await setUp();
    const original = bob.say(general, 'The <https://x.org|site> is down', { files: [notes] });
    ann.forward(original, ann.dm, 'why?');
    await until(() => recorded.messages.length === 1);
    expect(recorded.messages[0]?.parts).toMatchObject([
      { type: 'text', text: 'why?' },
      {
        type: 'forwarded',
        author: { user: `${slack.teamId}/${bob.id}`, name: 'Bob' },
        text: 'The [site](https://x.org) is down',
        files: [{ name: 'notes.md' }],
      },
    ]);
  });

  it('is not the preview of a link', async () => {
    const { recorded, ann } = await setUp();
    ann.say(ann.dm, 'look at https://x.org', { attachments: [{ from_url: 'https://x.org', title: 'X' }] });
    await until(() => recorded.messages.length === 1);
    expect(recorded.messages[0]?.parts).toEqual([{ type: 'text', text: 'look at https://x.org' }]);
  });

  it('comes with a command behind a mention too', async () => {
    const { recorded, ann, general, bot } = await setUp();
    ann.say(general, `${bot} /ask what is this?`, { files: [notes] });
    await until(() => recorded.commands.length === 1);
    expect(recorded.commands[0]).toMatchObject({
      options: { prompt: 'what is this?' },
      brought: [{ type: 'file', name: 'notes.md' }],
    });
  });
});

const never = new AbortController().signal;

describe('a thread that the bot is called into', () => {
  it('is read from its root to the newest message, with authors and what apps show in blocks', async () => {
    const { slack, recorded, ann, bob, general, bot } = await setUp();
    recorded.hearing = false;
    const root = bob.say(general, 'The site is down', { files: [notes] });
    bob.say(general, '', {
      thread: root.ts,
      attachments: [{ title: 'Alert', text: 'CPU at 99 %', fields: [{ title: 'host', value: 'web1' }] }],
    });
    ann.say(general, `${bot} why?`, { thread: root.ts });
    await until(() => recorded.messages.length === 1);
    const read = await recorded.messages[0]?.readThread?.(null, never);
    expect(read?.messages.map(({ author, text }) => [author?.name, text])).toEqual([
      ['Bob', 'The site is down'],
      ['Bob', 'Alert\nCPU at 99 %\nhost: web1'],
    ]);
    expect(read?.messages[0]?.files).toMatchObject([{ name: 'notes.md' }]);
    const since = await recorded.messages[0]?.readThread?.(Number(root.ts) * 1_000, never);
    expect(since?.messages.map(({ text }) => text)).toEqual(['Alert\nCPU at 99 %\nhost: web1']);
    expect(slack.violations).toEqual([]);
  });

  it('keeps its root and the newest hundred of a long one', async () => {
    const { recorded, ann, bob, general, bot } = await setUp({ rateLimits: false });
    recorded.hearing = false;
    const root = bob.say(general, 'Root');
    for (let count = 1; count <= 450; count++) bob.say(general, `reply ${count}`, { thread: root.ts });
    ann.say(general, `${bot} why?`, { thread: root.ts });
    await until(() => recorded.messages.length === 1);
    const texts =
      (await recorded.messages[0]?.readThread?.(null, never))?.messages.map(({ text }) => text) ?? [];
    expect([texts.length, texts[0], texts[1], texts.at(-1)]).toEqual([101, 'Root', 'reply 351', 'reply 450']);
  });
});

describe('a file on Slack', () => {
  async function fileOf({ recorded, ann }: Awaited<ReturnType<typeof setUp>>) {
    ann.say(ann.dm, 'what is this?', { files: [notes] });
    await until(() => recorded.messages.length === 1);
    const part = recorded.messages[0]?.parts[1];
    if (part?.type !== 'file') throw new Error('there is no file');
    return part;
  }

  it('is fetched with the token of the bot, which goes nowhere else', async () => {
    const setting = await setUp();
    const { reference } = await fileOf(setting);
    const bytes = await setting.adapter.readFile?.(reference, 1_000, never);
    expect(Buffer.from(bytes ?? []).toString()).toBe('# Notes');
    for (const url of ['http://127.0.0.1:1/x', 'https://evil.example/files.slack.com', 'nonsense']) {
      const elsewhere = JSON.stringify({ ...JSON.parse(reference), url });
      await expect(setting.adapter.readFile?.(elsewhere, 1_000, never)).rejects.toThrow(/stored elsewhere/);
    }
  });

  it('is not followed to the page where people log in: the remedy is named', async () => {
    const setting = await setUp();
    const { reference } = await fileOf(setting);
    const { app } = setting.slack;
    app.scopes = new Set([...app.scopes].filter((scope) => scope !== 'files:read'));
    await expect(setting.adapter.readFile?.(reference, 1_000, never)).rejects.toThrow(/files:read/);
  });
});
