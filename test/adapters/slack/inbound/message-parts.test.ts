import { afterEach, describe, expect, it } from 'vitest';
import { type Bench, openBench, quiet, until } from '../harness.ts';

let bench: Bench;
afterEach(() => bench.close());

async function setUp() {
  bench = await openBench();
  const { slack, desk } = bench;
  const ann = slack.user('Ann');
  const bob = slack.user('Bob');
  const general = slack.channel('general', [ann, bob]);
  return { slack, desk, ann, bob, general, bot: `<@${slack.app.botUserId}>` };
}

const notes = { name: 'notes.md', type: 'text/markdown', bytes: '# Notes' };
const photo = { name: 'cat.png', type: 'image/png', bytes: 'png' };

describe('what comes with a Slack message', () => {
  it('is its files, however Slack orders the events that carry it', async () => {
    const { slack, desk, ann, general, bot } = await setUp();
    ann.say(general, `${bot} what is this?`, { files: [notes, photo] });
    await quiet(bench, 1);
    expect(desk.messages).toHaveLength(1);
    expect(desk.messages[0]?.parts).toMatchObject([
      { type: 'text', text: 'what is this?' },
      { type: 'file', name: 'notes.md', mediaType: 'text/markdown', sizeBytes: 7 },
      { type: 'image', name: 'cat.png', mediaType: 'image/png' },
    ]);
    expect(slack.requests.filter(({ method }) => method === 'conversations.history')).toEqual([]);
  });

  it('is looked up where the mention alone arrives, which carries no files', async () => {
    const { slack, desk, ann, general, bot } = await setUp();
    slack.app.events = new Set([...slack.app.events].filter((event) => event !== 'message.channels'));
    ann.say(general, `${bot} what is this?`, { files: [notes] });
    await until(() => desk.messages.length === 1);
    expect(desk.messages[0]?.parts).toMatchObject([{ text: 'what is this?' }, { name: 'notes.md' }]);
  });

  it('is a file without a word', async () => {
    const { desk, ann } = await setUp();
    ann.say(ann.dm, '', { files: [photo] });
    await until(() => desk.messages.length === 1);
    expect(desk.messages[0]?.parts).toMatchObject([{ type: 'text', text: '' }, { type: 'image' }]);
  });

  it('is a forwarded message with its author and files', async () => {
    const { slack, desk, ann, bob, general } = await setUp();
    const original = bob.say(general, 'The <https://x.org|site> is down', { files: [notes] });
    ann.forward(original, ann.dm, 'why?');
    await until(() => desk.messages.length === 1);
    expect(desk.messages[0]?.parts).toMatchObject([
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
    const { desk, ann } = await setUp();
    ann.say(ann.dm, 'look at https://x.org', { attachments: [{ from_url: 'https://x.org', title: 'X' }] });
    await until(() => desk.messages.length === 1);
    expect(desk.messages[0]?.parts).toEqual([{ type: 'text', text: 'look at https://x.org' }]);
  });

  it('comes with a command behind a mention too', async () => {
    const { desk, ann, general, bot } = await setUp();
    ann.say(general, `${bot} /ask what is this?`, { files: [notes] });
    await until(() => desk.commands.length === 1);
    expect(desk.commands[0]).toMatchObject({
      options: { prompt: 'what is this?' },
      brought: [{ type: 'file', name: 'notes.md' }],
    });
  });
});
