import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ask } from '../../../src/commands/ask.ts';
import { connect } from '../../../src/commands/connect.ts';
import { filesIn } from '../../../src/core/ports/parts.ts';
import type { MessageView } from '../../../src/core/ports/surface.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { type Bench, type BenchOptions, modelCommand, openBench, quiet, until } from './harness.ts';

let bench: Bench;
afterEach(() => bench.close());

async function setUp(options: BenchOptions = {}) {
  bench = await openBench(options);
  const { slack, recorded } = bench;
  const ann = slack.user('Ann');
  const bob = slack.user('Bob');
  const general = slack.channel('general', [ann, bob]);
  const asked = async (count = 1) => {
    await until(() => recorded.commands.length === count);
    const command = recorded.commands[count - 1];
    if (command === undefined) throw new Error('no command came');
    return command;
  };
  return { ...bench, slack, recorded, ann, bob, general, asked };
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

describe('/ask on Slack', () => {
  it('brings the options, and is acknowledged whatever core does', async () => {
    const { slack, ann, general, asked } = await setUp();
    const outcome = await ann.slash('/ask', '--model gpt-4o --web what is a &lt; b &amp; c?', {
      channel: general,
    });
    expect(outcome).toMatchObject({ acked: true });
    expect(await asked()).toMatchObject({
      command: 'ask',
      options: { model: 'gpt-4o', web: true, prompt: 'what is a < b & c?' },
      actor: { name: 'Ann' },
      place: { channel: `slack:${slack.teamId}/${general}`, key: null },
    });
    expect(slack.violations).toEqual([]);
  });

  it('shows the question under the asker’s name only once it is taken, and answers in its thread', async () => {
    const { slack, ann, general, asked } = await setUp();
    await ann.slash('/ask', 'why <!channel>?\nreally', { channel: general });
    const { surface } = await asked();
    await quiet(bench);
    expect(slack.messages(general)).toEqual([]);
    surface.indicate('working');
    const message = await surface.openMessage(view('Because.'), never);
    const [question] = slack.messages(general);
    expect(question?.text.replaceAll('\u2060', '')).toBe('*Ann* asked:\n> why <!channel>?\n> really');
    expect(slack.messages(general, question?.ts).map(({ text }) => text)[1]).toBe('Because.');
    expect(message.threadKey).toBe(`slack:${slack.teamId}/${general}/${question?.ts}`);
    expect(slack.pings).toEqual([]);
    expect(slack.violations).toEqual([]);
  });

  it('posts the question once although the first try is lost', async () => {
    const { slack, ann, general, asked } = await setUp();
    slack.faults.add({ method: 'chat.postMessage', when: 'after', how: { kind: 'reset' } });
    await ann.slash('/ask', 'why?', { channel: general });
    const { surface } = await asked();
    surface.indicate('working');
    await surface
      .openMessage(view('Because.'), never)
      .catch(() => surface.openMessage(view('Because.'), never));
    expect(slack.messages(general)).toHaveLength(1);
  });

  it('shows the question in plain where Slack refuses it as Markdown', async () => {
    const { slack, ann, general, asked } = await setUp();
    slack.faults.add({
      method: 'chat.postMessage',
      matches: ({ blocks }) => JSON.stringify(blocks).includes('"markdown"'),
      how: { kind: 'error', error: 'invalid_blocks' },
      times: 99,
    });
    await ann.slash('/ask', 'which of <!here>\n| a | b |\n|---|---|', { channel: general });
    const { surface } = await asked();
    surface.indicate('working');
    await surface.openMessage(view('The first.'), never);
    const [question] = slack.messages(general);
    expect(question?.text.replaceAll('\u2060', '')).toBe(
      '*Ann* asked:\nwhich of <!here>\n| a | b |\n|---|---|',
    );
    expect(slack.messages(general, question?.ts)).toHaveLength(2);
    expect(slack.pings).toEqual([]);
  });

  it('says how to invite the bot where it is not a member, and brings nothing', async () => {
    const { slack, recorded, ann } = await setUp();
    const elsewhere = slack.channel('elsewhere', [ann], { bot: false });
    const secret = slack.channel('secret', [ann], { bot: false, kind: 'group' });
    for (const channel of [elsewhere, secret]) {
      await ann.slash('/ask', 'why?', { channel });
      await until(() => ann.privateTexts(channel).length === 1);
      expect(ann.privateTexts(channel)[0]?.text).toBe(
        'I am not in this channel. Invite me with `/invite @parley` and ask again, or use `/ask --private …` for an answer that only you see.',
      );
    }
    expect(recorded.commands).toEqual([]);
    slack.inviteBot(elsewhere);
    await ann.slash('/ask', 'why?', { channel: elsewhere });
    await until(() => recorded.commands.length === 1);
  });

  it.each([
    ['goes on with the conversation there', false, true],
    ['begins a new one in a thread of its own in the agent view', true, false],
  ])('in direct messages %s', async (_, agentView, goesOn) => {
    const { slack, recorded, ann, asked } = await setUp({ agentView });
    // By its first message there, the bot learns whether Slack has the view.
    ann.say(ann.dm, 'hi');
    await until(() => recorded.messages.length === 1);
    await ann.slash('/ask', 'why?', { channel: ann.dm });
    const { place } = await asked();
    expect(place.key).toBe(goesOn ? `slack:${slack.teamId}/${ann.dm}` : null);
  });

  it('says so in a conversation of others', async () => {
    const { slack, ann, bob } = await setUp();
    const between = slack.channel('directmessage', [ann, bob], { bot: false, kind: 'im' });
    await ann.slash('/ask', 'why?', { channel: between });
    await until(() => ann.privateTexts(between).length === 1);
    expect(ann.privateTexts(between)[0]?.text).toBe(
      'I am not part of this conversation, so I cannot answer in it. Use `/ask --private …`, or write to me directly.',
    );
  });

  it('answers privately in the asker’s direct messages, and points there', async () => {
    const { slack, ann, bob, general, asked } = await setUp();
    await ann.slash('/ask', '--private why?', { channel: general });
    const { surface, place } = await asked();
    expect(surface.isPrivate).toBe(true);
    expect(place).toMatchObject({ channel: `slack:${slack.teamId}/${general}`, key: null });
    surface.indicate('working');
    const message = await surface.openMessage(view('Because.'), never);
    await until(() => ann.privateTexts(general).length === 1);
    const [question] = slack.messages(ann.dm);
    expect(ann.privateTexts(general)[0]?.text).toMatch(
      /^I am answering you in \[our direct messages\]\(https:\/\/fake\.slack\.com\/archives\/D\w+\/p\d+\)\.$/,
    );
    expect(slack.messages(ann.dm, question?.ts).map(({ text }) => text)).toEqual([
      '*Ann* asked:\n> why?',
      'Because.',
    ]);
    expect(message.threadKey).toBe(`slack:${slack.teamId}/${ann.dm}/${question?.ts}`);
    expect([...slack.messages(general), ...bob.privateTexts(general)]).toEqual([]);
  });

  it('answers in the direct message itself where it is asked there', async () => {
    const { slack, ann, asked } = await setUp();
    await ann.slash('/ask', 'why?', { channel: ann.dm });
    const { surface, place } = await asked();
    expect(place.key).toBe(`slack:${slack.teamId}/${ann.dm}`);
    surface.indicate('working');
    await surface.openMessage(view('Because.'), never);
    expect(slack.messages(ann.dm).map(({ text }) => text)).toEqual(['*Ann* asked:\n> why?', 'Because.']);
  });

  it('begins a conversation with each question where answers stand in the channel itself', async () => {
    const { slack, recorded, ann, general, asked } = await setUp();
    recorded.rules = { hearsAll: false, inThread: false };
    await ann.slash('/ask', 'why?', { channel: general });
    const { surface, place } = await asked();
    expect(place.key).toBeNull();
    await surface.openMessage(view('Because.'), never);
    expect(slack.messages(general).map(({ text }) => text)).toEqual(['*Ann* asked:\n> why?', 'Because.']);
  });

  it('explains what it cannot read, to the asker alone', async () => {
    const { slack, recorded, ann, general } = await setUp();
    await ann.slash('/ask', '--verbose why?', { channel: general });
    await until(() => ann.privateTexts(general).length === 1);
    expect(ann.privateTexts(general)[0]?.text).toContain('`/ask` has no option `--verbose`.');
    expect(recorded.commands).toEqual([]);
    expect(slack.messages(general)).toEqual([]);
  });

  it('explains it whatever stands where the typed text is cut', async () => {
    const { slack, ann, general } = await setUp();
    await ann.slash('/stop', `${'x'.repeat(59)}😀 and more`, { channel: general });
    await until(() => ann.privateTexts(general).length === 1);
    expect(ann.privateTexts(general)[0]?.text).toContain('`/stop` does not take “xxx');
    expect(slack.violations).toEqual([]);
  });

  it('tells refusals privately through the command’s own address, and by other means when that is used up', async () => {
    const { slack, ann, general, asked } = await setUp();
    await ann.slash('/ask', 'why?', { channel: general });
    const { surface } = await asked();
    for (let word = 1; word <= 7; word++) await surface.tellPrivately({ text: `word ${word}` }, never);
    expect(ann.privateTexts(general).map(({ text }) => text)).toEqual(
      Array.from({ length: 7 }, (_, index) => `word ${index + 1}`),
    );
    expect(slack.responses).toHaveLength(5);
    expect(slack.violations).toEqual([]);
  });

  it('sends files of a private word to the direct messages', async () => {
    const { slack, ann, general, asked } = await setUp();
    await ann.slash('/stop', '', { channel: general });
    const { surface } = await asked();
    const file = {
      name: 'usage.png',
      mediaType: 'image/png',
      bytes: new Uint8Array([1, 2, 3]),
      description: 'A chart',
    };
    await surface.tellPrivately({ text: 'Your use:', files: [file] }, never);
    expect(ann.privateTexts(general).map(({ text }) => text)).toEqual([
      'Your use:',
      'I sent the file to you in a direct message.',
    ]);
    expect(slack.messages(ann.dm)[0]?.files).toEqual(['usage.png']);
    expect(slack.messages(general)).toEqual([]);
  });

  it('keeps a word to itself rather than send it to an address that is not Slack’s', async () => {
    const { slack, ann, general, asked } = await setUp();
    let heard = 0;
    const stranger = createServer((_request, response) => {
      heard++;
      response.end();
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const { port } = stranger.address() as AddressInfo;
    const payload = {
      ...ann.commandPayload('/ask', '--nope', general),
      response_url: `http://127.0.0.1:${port}/commands/1`,
    };
    expect(await slack.deliver({ type: 'slash_commands', payload })).toMatchObject({ acked: true });
    await ann.slash('/ask', 'why?', { channel: general });
    await asked();
    await bench.close();
    stranger.close();
    expect(slack.responses).toEqual([]);
    expect(heard).toBe(0);
  });
});

describe('forms on Slack', () => {
  it('opens for /ask with nothing behind it, and asks as if it had been typed', async () => {
    const { slack, recorded, ann, general, asked } = await setUp();
    recorded.suggestions = [
      { label: 'GPT-4o mini', value: 'openai/gpt-4o-mini' },
      { label: '🔒 GPT-4o (needs openai)', value: 'openai/gpt-4o' },
    ];
    await ann.slash('/ask', '', { channel: general });
    await until(() => ann.modal() !== '');
    expect(ann.modal()).toBe(
      '/ask\nPrompt\nModel\nWeb\nPrivate\nOr without this form: Type /ask [--model …] [--web] [--private] prompt.',
    );
    expect(await ann.search('model', 'gpt')).toEqual(['GPT-4o mini', '🔒 GPT-4o (needs openai)']);
    expect(recorded.suggestRequests[0]).toMatchObject({ command: 'ask', option: 'model', text: 'gpt' });
    await ann.submit({ prompt: 'why?', model: 'GPT-4o mini', web: 'on' });
    expect(await asked()).toMatchObject({
      command: 'ask',
      options: { prompt: 'why?', model: 'openai/gpt-4o-mini', web: true, private: false },
      place: { channel: `slack:${slack.teamId}/${general}` },
    });
    expect(ann.modal()).toBe('');
    expect(slack.violations).toEqual([]);
  });

  it('shows in the form of /model what answers now', async () => {
    const { recorded, ann, general, asked } = await setUp();
    recorded.views = { model: '**GPT-4o mini** (`openai/gpt-4o-mini`) answers here: the default.' };
    recorded.handle = (event) => event.surface.tellPrivately({ text: 'Saved.' }, never);
    await ann.slash('/model', '', { channel: general });
    await until(() => ann.modal() !== '');
    expect(ann.modal()).toContain('*GPT-4o mini* (`openai/gpt-4o-mini`) answers here: the default.');
    recorded.suggestions = [{ label: 'GPT-4o', value: 'openai/gpt-4o' }];
    await ann.search('model', '');
    await ann.submit({ model: 'GPT-4o' });
    expect(await asked()).toMatchObject({
      command: 'model',
      options: { model: 'openai/gpt-4o', scope: 'channel' },
    });
    await until(() => ann.privateTexts(general).length === 1);
  });

  it('opens in time although that takes long to say', async () => {
    const clock = createFakeClock(Date.now());
    const { slack, recorded, ann, general } = await setUp({ clock });
    const held = Promise.withResolvers<null>();
    recorded.view = () => held.promise;
    await ann.slash('/model', '', { channel: general });
    await until(() => slack.requests.some(({ method }) => method === 'users.info'));
    await clock.advance(2_000);
    await until(() => ann.modal() !== '');
    expect(ann.modal()).toMatch(/^\/model\nModel\nScope/);
    held.resolve(null);
    expect(slack.requests.filter(({ method }) => method === 'views.open')).toMatchObject([{ outcome: 'ok' }]);
  });

  it('says so to who sent it where it could not be dealt with', async () => {
    const { slack, recorded, ann, general } = await setUp();
    await ann.slash('/ask', '', { channel: general });
    await until(() => ann.modal() !== '');
    slack.faults.add({ method: 'conversations.info', how: { kind: 'status', status: 500 } });
    await ann.submit({ prompt: 'why?' });
    await until(() => ann.privateTexts(general).length === 1);
    expect(ann.privateTexts(general)[0]?.text).toContain('Try again');
    expect(recorded.commands).toEqual([]);
  });

  it('opens on a message, and asks about it in its thread', async () => {
    const { slack, ann, bob, general, asked } = await setUp();
    const odd = bob.say(general, 'The build is <https://ci.example.com|red> &amp; nobody knows why.');
    await ann.shortcut('ask-about-message', odd);
    await until(() => ann.modal() !== '');
    expect(ann.modal()).toContain(
      'This is about a message by Bob:\nThe build is [red](https://ci.example.com) & nobody knows why.',
    );
    await ann.submit({ prompt: 'What may be the reason?' });
    const { options, brought, place, surface } = await asked();
    expect(options['prompt']).toBe('What may be the reason?');
    expect(brought).toMatchObject([
      {
        type: 'quoted',
        why: 'pointed',
        author: { user: `${slack.teamId}/${bob.id}`, name: 'Bob' },
        text: 'The build is [red](https://ci.example.com) & nobody knows why.',
      },
    ]);
    expect(place.key).toBe(`slack:${slack.teamId}/${general}/${odd.ts}`);
    surface.indicate('working');
    const message = await surface.openMessage(view('A flaky test.'), never);
    expect(
      slack
        .messages(general, odd.ts)
        .map(({ text }) => text)
        .slice(1),
    ).toEqual(['*Ann* asked:\n> What may be the reason?', 'A flaky test.']);
    expect(message.threadKey).toBeNull();
  });

  it('says a refusal of that in the channel, as the message may have no thread yet', async () => {
    const { slack, ann, bob, general, asked } = await setUp();
    const odd = bob.say(general, 'The build is red.');
    await ann.shortcut('ask-about-message', odd);
    await until(() => ann.modal() !== '');
    await ann.submit({ prompt: 'Why?' });
    const { surface } = await asked();
    await surface.tellPrivately({ text: 'Not today.' }, never);
    expect(ann.privateTexts(general)).toMatchObject([{ text: 'Not today.', threadTs: null }]);
    expect(slack.violations).toEqual([]);
  });

  it('says a word beside a question that it has just posted in the channel', async () => {
    const { slack, ann, general, asked } = await setUp();
    await ann.slash('/ask', 'why?', { channel: general });
    const { surface } = await asked();
    surface.indicate('working');
    await until(() => slack.messages(general).length === 1);
    await surface.tellPrivately({ text: 'Not today.' }, never);
    expect(ann.privateTexts(general)).toMatchObject([{ text: 'Not today.', threadTs: null }]);
    expect(slack.violations).toEqual([]);
  });

  it('opens on the longest message there is', async () => {
    const { slack, ann, general } = await setUp();
    const odd = ann.say(general, '"\n\\'.repeat(10_000));
    await ann.shortcut('ask-about-message', odd);
    await until(() => ann.modal() !== '');
    expect(slack.violations).toEqual([]);
  });

  it('brings the whole of a long message, with its files', async () => {
    const { ann, general, asked } = await setUp();
    const files = [{ name: 'trace.txt', type: 'text/plain', bytes: 'at main' }];
    await ann.shortcut('ask-about-message', ann.say(general, `${'long '.repeat(2_000)}end`, { files }));
    await until(() => ann.modal() !== '');
    expect(ann.modal()).toContain('[trace.txt]');
    await ann.submit({ prompt: 'Why?' });
    const { brought } = await asked();
    expect(brought).toMatchObject([
      { text: expect.stringMatching(/^(?:long ){2000}end$/), files: [{ name: 'trace.txt' }] },
    ]);
  });

  it('takes files, which come before the message that it is about and are read like others', async () => {
    const { slack, adapter, ann, bob, general, asked } = await setUp({ commands: [ask] });
    await ann.shortcut('ask-about-message', bob.say(general, 'The build is red.'));
    await until(() => ann.modal() !== '');
    await ann.submit({ prompt: 'Why?' }, [
      { name: 'trace.txt', type: 'text/plain', bytes: 'at main' },
      { name: 'screen.png', type: 'image/png', bytes: 'png' },
    ]);
    const { options, brought } = await asked();
    expect(options).toMatchObject({ prompt: 'Why?' });
    expect(brought).toMatchObject([
      { type: 'file', name: 'trace.txt', mediaType: 'text/plain', sizeBytes: 7 },
      { type: 'image', name: 'screen.png' },
      { type: 'quoted', why: 'pointed', text: 'The build is red.' },
    ]);
    const [file] = filesIn(brought ?? []);
    const bytes = await adapter.readFile?.(file?.reference ?? '', 1_000, never);
    expect(Buffer.from(bytes ?? []).toString()).toBe('at main');
    expect(slack.violations).toEqual([]);
  });

  it('takes files with /ask too, with their bounds beside the input, and none where no command takes them', async () => {
    const { slack, ann, general, asked } = await setUp({ commands: [ask, modelCommand] });
    await ann.slash('/ask', '', { channel: general });
    await until(() => ann.modal() !== '');
    expect(ann.modal()).toContain('\nFiles\n');
    expect(JSON.stringify(slack.requests)).toContain('At most 10 files of 10 MB each.');
    await ann.submit({ prompt: 'Why?' }, [{ name: 'a.md', type: 'text/markdown', bytes: '# A' }]);
    expect((await asked()).brought).toMatchObject([{ name: 'a.md' }]);
    await ann.slash('/model', '', { channel: general });
    await until(() => ann.modal().startsWith('/model'));
    expect(ann.modal()).not.toContain('Files');
  });

  it('asks for no files without the scope to read them', async () => {
    const { slack, adapter, recorded, ann, general, asked } = await setUp({ commands: [ask], start: false });
    slack.app.scopes = new Set([...slack.app.scopes].filter((scope) => scope !== 'files:read'));
    await adapter.start(recorded);
    await ann.slash('/ask', '', { channel: general });
    await until(() => ann.modal() !== '');
    expect(ann.modal()).not.toContain('Files');
    await ann.submit({ prompt: 'Why?' });
    expect((await asked()).brought).toEqual([]);
    expect(slack.violations).toEqual([]);
  });

  it('opens without an input for files where Slack refuses one, from then on at once', async () => {
    const { slack, recorded, ann, general } = await setUp({ commands: [ask] });
    const matches = (args: object) => JSON.stringify(args).includes('file_input');
    const how = { kind: 'error', error: 'invalid_arguments' } as const;
    slack.faults.add({ method: 'views.open', how, matches, times: 2 });
    const opened = () =>
      slack.requests.filter(({ method }) => method === 'views.open').map(({ outcome }) => outcome);
    await ann.slash('/ask', '', { channel: general });
    await until(() => ann.modal() !== '' && recorded.openClaims.size === 0);
    expect(ann.modal()).not.toContain('Files');
    await ann.slash('/ask', '', { channel: general });
    await until(() => opened().length === 3);
    expect(opened()).toEqual(['error', 'ok', 'ok']);
  });

  it('brings as much as the form remembers of a message that it may not read again, cut between characters', async () => {
    const { slack, ann, general, asked } = await setUp();
    const message = ann.say(general, `x${'😀'.repeat(2_000)}`);
    await ann.shortcut('ask-about-message', message);
    await until(() => ann.modal() !== '');
    slack.deleteMessage(message);
    await ann.submit({ prompt: 'Why?' });
    const { brought } = await asked();
    expect(brought).toMatchObject([{ text: expect.stringMatching(/^x(?:😀)+…$/u), files: [] }]);
    expect(slack.violations).toEqual([]);
  });
});

describe('a command with a secret on Slack', () => {
  it('is asked for in a form, and brought to core as a command with what was filled in', async () => {
    const { slack, recorded, ann, general, asked } = await setUp({ commands: [connect] });
    await ann.slash('/connect', '', { channel: general });
    await until(() => ann.modal() !== '');
    expect(ann.modal()).toBe('/connect\nProvider\nKey');
    expect(recorded.admitRequests).toMatchObject([
      {
        command: 'connect',
        actor: { user: `${slack.teamId}/${ann.id}` },
        place: { guild: `slack:${slack.teamId}` },
      },
    ]);
    await ann.submit({ provider: 'OpenAI', key: 'sk-secret-0123456789' });
    const { command, options, surface } = await asked();
    expect({ command, options }).toEqual({
      command: 'connect',
      options: { provider: 'openai', key: 'sk-secret-0123456789' },
    });
    await surface.tellPrivately({ text: 'Connected.' }, never);
    expect(ann.privateTexts(general)).toMatchObject([{ text: 'Connected.' }]);
    expect(JSON.stringify(slack.requests)).not.toContain('sk-secret');
  });

  it('uses nothing that was typed behind it, and says what to do if that was the key', async () => {
    const { recorded, ann, general } = await setUp({ commands: [connect] });
    await ann.slash('/connect', 'openai sk-secret-0123456789', { channel: general });
    await until(() => ann.modal() !== '' && ann.privateTexts(general).length > 0);
    expect(ann.privateTexts(general)).toMatchObject([
      { text: expect.stringMatching(/^`\/connect` opens a form.*delete it at its provider/) },
    ]);
    expect(recorded.commands).toEqual([]);
  });

  it('says to who may not use it why, in the place of the form', async () => {
    const { recorded, ann, general } = await setUp({ commands: [connect] });
    recorded.refusal = 'Only an admin can use `/connect`.';
    await ann.slash('/connect', '', { channel: general });
    await until(() => ann.privateTexts(general).length > 0);
    expect(ann.privateTexts(general)).toMatchObject([{ text: 'Only an admin can use `/connect`.' }]);
    expect(ann.modal()).toBe('');
  });
});
