import { afterEach, describe, expect, it } from 'vitest';
import { PlaceGone } from '../../../src/core/ports/delivery-errors.ts';
import type { Dispatch } from '../../../src/core/ports/events.ts';
import type { LiveMessage, MessageView, Surface } from '../../../src/core/ports/surface.ts';
import { type Playground, type PlaygroundOptions, startPlayground } from './playground.ts';
import { type Inbound, viewOf } from './scripted-dispatch.ts';

const never = new AbortController().signal;
const running: Playground[] = [];

afterEach(async () => {
  for (const playground of running.splice(0)) await playground.close();
});

async function start(options: PlaygroundOptions = {}): Promise<Playground> {
  const playground = await startPlayground(options);
  running.push(playground);
  return playground;
}

/** The places where the core was handed something to answer, in order. */
function surfaces({ dispatch }: Playground): Surface[] {
  return dispatch.inbound.map(({ event }) => event.surface);
}

async function ask(
  playground: Playground,
  { id = 'question-1', text = 'Hello?', as = 'member', channel = 'general', private: isPrivate = false } = {},
): Promise<Surface> {
  const options = isPrivate ? { prompt: text, private: true } : { prompt: text };
  const answer = await playground.post('command', {
    id,
    as,
    channel,
    thread: null,
    command: 'ask',
    options,
    text: `/ask ${text}`,
  });
  expect(answer.status).toBe(202);
  const surface = surfaces(playground).at(-1);
  if (surface === undefined) throw new Error('nothing was asked');
  return surface;
}

async function openAnswer(playground: Playground, view: MessageView = viewOf('One')): Promise<LiveMessage> {
  return await (await ask(playground)).openMessage(view, never);
}

describe('an answer', () => {
  it('grows on the page as the core grows it', async () => {
    const playground = await start();
    const page = await playground.follow('member');
    const message = await openAnswer(playground, viewOf('One'));
    await page.until(({ answers }) => answers[0]?.text === 'One');
    await message.update(viewOf('One two'), never);
    await page.until(({ answers }) => answers[0]?.text === 'One two');
    await message.update(viewOf('One two.', { status: 'complete', footer: 'Some Model' }), never);
    await page.until(({ answers }) => answers[0]?.status === 'complete');
    expect(page.answers).toMatchObject([{ text: 'One two.', footer: 'Some Model', buttons: ['retry'] }]);
    expect(page.messages.map(({ kind }) => kind)).toEqual(['said', 'answer']);
  });

  it('shows that it is worked on until its first message is open', async () => {
    const playground = await start();
    const page = await playground.follow('member');
    const surface = await ask(playground);
    surface.indicate('queued');
    await page.until(({ items }) => items.has('activity/question-1'));
    expect(page.items.get('activity/question-1')).toMatchObject({ activity: 'queued', user: 'member' });
    surface.indicate('working');
    await surface.openMessage(viewOf('One'), never);
    await page.until(({ answers, items }) => answers.length === 1 && !items.has('activity/question-1'));
  });

  it('reaches a page that reconnects exactly from where it was', async () => {
    const playground = await start();
    const first = await playground.follow('member');
    const message = await openAnswer(playground, viewOf('One'));
    await first.until(({ answers }) => answers.length === 1);
    const last = first.events.at(-1);
    first.close();
    await message.update(viewOf('One two'), never);
    await message.update(viewOf('One two three'), never);

    const again = await playground.follow('member', last?.id ?? '');
    await again.until(({ events }) => events.length > 0);
    expect(again.events[0]?.changes).toMatchObject({ reset: false });
    expect(again.messages).toMatchObject([{ text: 'One two three' }]);
  });

  it('comes whole to a page that knows nothing, or only what another process said', async () => {
    const playground = await start();
    await openAnswer(playground, viewOf('One'));
    for (const lastEventId of [undefined, 'another-7', 'nonsense']) {
      const page = await playground.follow('member', lastEventId);
      await page.until(({ answers }) => answers.length === 1);
      expect(page.events[0]?.changes.reset).toBe(true);
    }
  });

  it('is the same in all tabs', async () => {
    const playground = await start();
    const [one, two] = [await playground.follow('member'), await playground.follow('member')];
    const message = await openAnswer(playground);
    await message.update(viewOf('One two.', { status: 'complete' }), never);
    for (const page of [one, two]) await page.until(({ answers }) => answers[0]?.status === 'complete');
    expect(one.messages).toEqual(two.messages);
  });

  it('that was asked for in private is seen by its asker alone', async () => {
    const playground = await start();
    const [member, admin] = [await playground.follow('member'), await playground.follow('admin')];
    const surface = await ask(playground, { private: true });
    expect(surface.isPrivate).toBe(true);
    surface.indicate('working');
    await surface.openMessage(viewOf('hush'), never);
    const open = await ask(playground, { id: 'question-2', as: 'admin' });
    await open.openMessage(viewOf('For all'), never);
    await member.until(({ answers }) => answers.length === 2);
    await admin.until(({ answers }) => answers.length === 1);
    expect(admin.messages.map(({ text }) => text)).toEqual(['/ask Hello?', 'For all']);
    // Neither the question, nor that it was worked on, nor the answer ever went over the wire.
    expect(JSON.stringify(admin.events)).not.toMatch(/hush|question-1/);
    // A thread on it would be open to all.
    const [hidden] = member.answers;
    const refused = await say(playground, { id: 'question-3', text: 'And?', thread: hidden?.id ?? '' });
    expect(hidden?.text).toBe('hush');
    expect(refused.status).toBe(404);
  });
});

describe('a question', () => {
  it('that is posted twice is asked once', async () => {
    const playground = await start();
    const page = await playground.follow('member');
    await Promise.all([ask(playground), ask(playground)]);
    await ask(playground);
    await say(playground, { id: 'question-2', text: 'And now?' });
    await page.until(({ messages }) => messages.length === 2);
    expect(playground.dispatch.inbound.map(({ event }) => event.id)).toEqual([
      'web:question-1',
      'web:question-2',
    ]);
    expect(playground.dispatch.repeats).toBe(2);
    expect(page.messages).toMatchObject([
      { id: 'question-1', order: 1 },
      { id: 'question-2', order: 2 },
    ]);
  });

  it('reaches the core with the person, the place and the options', async () => {
    const playground = await start();
    await playground.post('command', {
      id: 'question-1',
      as: 'admin',
      channel: 'engineering',
      thread: null,
      command: 'ask',
      options: { prompt: 'Hi', web: true },
      text: '/ask --web Hi',
    });
    const [inbound] = playground.dispatch.inbound;
    expect(inbound).toMatchObject({
      kind: 'command',
      event: {
        id: 'web:question-1',
        command: 'ask',
        options: { prompt: 'Hi', web: true },
        actor: { guild: 'web:local', user: 'admin', name: 'Ada' },
        place: { guild: 'web:local', channel: 'engineering', key: null },
      },
    });
    expect(await inbound?.event.actor.managesGuild()).toBe(true);
  });

  it.each([
    ['member', false],
    ['admin', true],
    ['operator', true],
  ])('by %s says whether they manage the place: %s', async (as, manages) => {
    const playground = await start();
    await ask(playground, { as });
    expect(await playground.dispatch.inbound[0]?.event.actor.managesGuild()).toBe(manages);
  });

  it('in words is for the bot where it mentions it, and is answered in a thread of its own', async () => {
    const playground = await start();
    const page = await playground.follow('member');
    await say(playground, { id: 'question-1', text: '@parley, what is this?' });
    expect(playground.dispatch.inbound).toMatchObject([
      {
        kind: 'message',
        event: { text: 'what is this?', address: { mentionsBot: true }, place: { key: 'question-1' } },
      },
    ]);
    await surfaces(playground)[0]?.openMessage(viewOf('One'), never);
    await page.until(({ answers }) => answers.length === 1);
    expect(page.messages).toMatchObject([
      { id: 'question-1', thread: null, threadTitle: 'what is this?' },
      { kind: 'answer', thread: 'question-1' },
    ]);
    await surfaces(playground)[0]?.rename?.('A better name', never);
    await page.until(({ messages }) => messages[0]?.threadTitle === 'A better name');
  });

  it('in words is talk among people where it mentions nobody', async () => {
    const playground = await start();
    await say(playground, { id: 'question-1', text: 'lunch? me@parley.example' });
    expect(playground.dispatch.inbound).toMatchObject([
      { kind: 'message', event: { address: { mentionsBot: false }, place: { key: null } } },
    ]);
  });

  it('in a DM is always for the bot, and nobody else sees it', async () => {
    const playground = await start();
    const admin = await playground.follow('admin');
    await say(playground, { id: 'question-1', text: 'Hi', channel: 'dm-member' });
    expect(playground.dispatch.inbound).toMatchObject([
      { event: { address: { isDirect: true }, place: { channel: 'dm-member', key: 'dm-member' } } },
    ]);
    await say(playground, { id: 'question-2', text: 'Hello all' });
    await admin.until(({ messages }) => messages.length > 0);
    expect(admin.messages.map(({ text }) => text)).toEqual(['Hello all']);
    const refused = await say(playground, { id: 'question-3', as: 'admin', text: 'x', channel: 'dm-member' });
    expect(refused.status).toBe(404);
  });

  it('in a channel may be gone on with in a thread, as what is private there can say', async () => {
    const playground = await start();
    const options = { as: 'member', thread: null, command: 'help', options: {} };
    for (const channel of ['general', 'dm-member']) {
      await playground.post('command', { ...options, id: `question-${channel}`, channel, text: '/help' });
    }
    expect(surfaces(playground).map(({ canContinueInThread }) => canContinueInThread)).toEqual([true, false]);
  });

  it('in a thread carries the key of the message that the thread hangs on', async () => {
    const playground = await start();
    const message = await openAnswer(playground, viewOf('One', { status: 'complete' }));
    await say(playground, { id: 'question-2', text: 'And then?', thread: message.key });
    expect(playground.dispatch.inbound.at(-1)).toMatchObject({
      kind: 'message',
      event: { address: { mentionsBot: false }, place: { channel: 'general', key: message.key } },
    });
    expect(surfaces(playground).at(-1)?.canContinueInThread).toBe(false);
  });

  it('that its author deletes is taken back', async () => {
    const playground = await start();
    const page = await playground.follow('member');
    await ask(playground);
    await page.until(({ messages }) => messages.length === 1);
    await playground.post('remove', { as: 'member', message: 'question-1' });
    await page.until(({ messages }) => messages.length === 0);
    expect(playground.dispatch.retracted).toEqual(['web:question-1']);
  });

  it('cannot be deleted by another member', async () => {
    const playground = await start();
    await ask(playground, { as: 'admin' });
    const refused = await playground.post('remove', { as: 'member', message: 'question-1' });
    expect(refused.status).toBe(403);
    expect(playground.dispatch.retracted).toEqual([]);
  });

  it.each([
    ['to a channel that there is not', { channel: 'nowhere' }, 404],
    ['to a thread that there is not', { thread: 'nothing' }, 404],
    ['by a person whom there is not', { as: 'root' }, 400],
    ['without words', { text: '  ' }, 400],
    ['without an id', { id: '' }, 400],
    ['longer than a message may be', { text: 'x'.repeat(16_001) }, 400],
    ['longer than a request may be', { text: 'x'.repeat(200_000) }, 413],
  ])('%s is refused in words', async (_name, wrong, status) => {
    const playground = await start();
    const refused = await say(playground, { id: 'question-1', text: 'Hi', ...wrong });
    expect(refused.status).toBe(status);
    expect(refused.json()).toEqual({ problem: expect.stringMatching(/\w+/) });
    expect(playground.dispatch.inbound).toEqual([]);
  });
});

describe('a command whose answer is private', () => {
  it('leaves no trace for others, and shows its asker what they ran', async () => {
    const playground = await start({
      on: ({ event }) => event.surface.tellPrivately({ text: 'All models' }, never),
    });
    const [member, admin] = [await playground.follow('member'), await playground.follow('admin')];
    await playground.post('command', {
      id: 'question-1',
      as: 'member',
      channel: 'general',
      thread: null,
      command: 'models',
      options: {},
      text: '/models',
    });
    await say(playground, { id: 'question-2', text: 'Hello all' });
    await member.until(({ messages }) => messages.length === 3);
    await admin.until(({ messages }) => messages.length === 1);
    expect(member.messages[0]).toMatchObject({ kind: 'notice', text: 'All models', about: '/models' });
  });

  it('is told to admins alone, each where they talk with the bot', async () => {
    const playground = await start();
    expect(await playground.tellAdmins('A limit is near')).toBe(true);
    const [member, admin, operator] = await Promise.all(
      ['member', 'admin', 'operator'].map((as) => playground.follow(as)),
    );
    await admin?.until(({ messages }) => messages.length === 1);
    await operator?.until(({ messages }) => messages.length === 1);
    expect(admin?.messages[0]).toMatchObject({
      kind: 'notice',
      channel: 'dm-admin',
      text: 'A limit is near',
    });
    expect(operator?.messages[0]).toMatchObject({ channel: 'dm-operator' });
    expect(member?.messages).toEqual([]);
  });

  it('can come with a file that is no picture, to be saved under its name and never opened', async () => {
    const bytes = new TextEncoder().encode('<script>1</script>');
    const file = { name: 'use “é”.csv', mediaType: 'text/csv', bytes, description: 'Use by day' };
    const playground = await start({
      on: ({ event }) => event.surface.tellPrivately({ text: 'Use', files: [file] }, never),
    });
    const page = await playground.follow('member');
    await ask(playground);
    await page.until(({ messages }) => messages.length === 2);
    const served = await playground.send('GET', `api/file?as=member&message=${page.messages[1]?.id}&index=0`);
    expect(served.headers).toMatchObject({
      'content-type': 'text/csv',
      'content-disposition': "attachment; filename*=UTF-8''use%20%E2%80%9C%C3%A9%E2%80%9D.csv",
      'x-content-type-options': 'nosniff',
    });
  });

  it('can come with files, which only its asker can fetch', async () => {
    const bytes = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>');
    const file = { name: 'use.svg', mediaType: 'image/svg+xml', bytes, description: 'Use by day' };
    const playground = await start({
      on: ({ event }) => event.surface.tellPrivately({ text: 'Use', files: [file] }, never),
    });
    const page = await playground.follow('member');
    await ask(playground);
    await page.until(({ messages }) => messages.length === 2);
    const notice = page.messages[1];
    expect(notice).toMatchObject({ files: [{ name: 'use.svg', description: 'Use by day' }] });
    const served = await playground.send('GET', `api/file?as=member&message=${notice?.id}&index=0`);
    expect(served).toMatchObject({ status: 200, text: '<svg xmlns="http://www.w3.org/2000/svg"/>' });
    expect(served.headers).toMatchObject({ 'content-type': 'image/svg+xml' });
    expect(served.headers['content-security-policy']).toContain('sandbox');
    for (const query of [
      `as=admin&message=${notice?.id}&index=0`,
      `as=member&message=${notice?.id}&index=1`,
    ]) {
      expect((await playground.send('GET', `api/file?${query}`)).status).toBe(404);
    }
  });
});

describe('a button', () => {
  it('reaches the core with the id that the answer carries, once', async () => {
    const playground = await start();
    const message = await openAnswer(playground);
    const press = { id: 'press-01', as: 'member', message: message.key, button: 'stop' };
    await playground.post('press', press);
    await playground.post('press', press);
    expect(pressesOf(playground)).toMatchObject([
      { id: 'web:press-01', button: 'stop', answerId: 'answer-1' },
    ]);
  });

  it('that the answer does not carry any more is refused', async () => {
    const playground = await start();
    const message = await openAnswer(playground, viewOf('Done.', { status: 'complete' }));
    const press = { id: 'press-01', as: 'member', message: message.key, button: 'stop' };
    expect((await playground.post('press', press)).status).toBe(409);
    expect(pressesOf(playground)).toEqual([]);
  });

  it('is taken off when the core says so', async () => {
    const playground = await start();
    const page = await playground.follow('member');
    const message = await openAnswer(playground, viewOf('Done.', { status: 'complete' }));
    await playground.post('press', { id: 'press-01', as: 'member', message: message.key, button: 'retry' });
    await page.until(({ answers }) => answers[0]?.buttons.length === 1);
    await pressesOf(playground)[0]?.retire(never);
    await page.until(({ answers }) => answers[0]?.buttons.length === 0);
    expect(page.answers[0]?.text).toBe('Done.');
  });

  it.each([
    ['general', false, false],
    ['general', true, true],
    ['dm-member', false, false],
  ])('on an answer in %s (private: %j) is private: %j', async (channel, asked, isPrivate) => {
    const playground = await start();
    const surface = await ask(playground, { channel, private: asked });
    const message = await surface.openMessage(viewOf('One'), never);
    await playground.post('press', { id: 'press-01', as: 'member', message: message.key, button: 'stop' });
    expect(pressesOf(playground)[0]?.surface.isPrivate).toBe(isPrivate);
  });

  it('opens a thread on the answer, once', async () => {
    const playground = await start();
    const page = await playground.follow('member');
    const buttons = [{ kind: 'continue', answerId: 'answer-1' }] as const;
    const message = await openAnswer(playground, viewOf('Done.', { status: 'complete', buttons }));
    await playground.post('press', {
      id: 'press-01',
      as: 'member',
      message: message.key,
      button: 'continue',
    });
    const [press] = pressesOf(playground);
    expect(await press?.openThread('A title', never)).toBe(message.key);
    expect(await press?.openThread('Another title', never)).toBe(message.key);
    await page.until(({ answers }) => answers[0]?.threadTitle !== null);
    expect(page.answers[0]?.threadTitle).toBe('A title');
    await press?.renameThread?.('A better name', never);
    await page.until(({ answers }) => answers[0]?.threadTitle === 'A better name');
  });

  it('opens no thread within a thread or a DM', async () => {
    const playground = await start();
    const message = await openAnswer(playground, viewOf('Done.', { status: 'complete' }));
    await say(playground, { id: 'question-2', text: 'Go on', thread: message.key });
    await say(playground, { id: 'question-3', text: 'Hi', channel: 'dm-member' });
    for (const surface of surfaces(playground).slice(1)) {
      const inner = await surface.openMessage(viewOf('Done.', { status: 'complete' }), never);
      await playground.post('press', {
        id: `press-${inner.key}`,
        as: 'member',
        message: inner.key,
        button: 'retry',
      });
      expect(await pressesOf(playground).at(-1)?.openThread('A title', never)).toBeNull();
    }
  });
});

describe('a start on the store of an earlier process', () => {
  it('shows what was said, in order', async () => {
    const values = new Map<string, unknown>();
    const before = await start({ values });
    const message = await openAnswer(before, viewOf('One'));
    await message.update(viewOf('One two.', { status: 'complete' }), never);
    await say(before, { id: 'question-2', text: 'Thanks' });
    await before.close();

    const after = await start({ values });
    const page = await after.follow('member');
    await page.until(({ messages }) => messages.length === 3);
    expect(page.messages.map(({ text }) => text)).toEqual(['/ask Hello?', 'One two.', 'Thanks']);
    await say(after, { id: 'question-3', text: 'Again' });
    await page.until(({ messages }) => messages.at(-1)?.text === 'Again');
  });

  it('shows all of an answer that was shown before', async () => {
    const values = new Map<string, unknown>();
    const before = await start({ values });
    const message = await openAnswer(before, viewOf('0'));
    for (const text of ['0 1', '0 1 2', '0 1 2 3']) await message.update(viewOf(text), never);
    await before.close();

    const after = await start({ values });
    const page = await after.follow('member');
    await page.until(({ answers }) => answers.length === 1);
    expect(page.answers[0]?.text).toBe('0 1 2 3');
  });

  it('leaves out a message that it cannot read, and shows the others', async () => {
    const values = new Map<string, unknown>();
    const before = await start({ values });
    await say(before, { id: 'question-1', text: 'One' });
    await say(before, { id: 'question-2', text: 'Two' });
    await before.close();
    const [broken] = [...values.keys()].filter((key) => key.includes('question-1'));
    values.set(String(broken), JSON.stringify({ value: { version: 1, value: { id: 'question-1' } } }));

    const after = await start({ values });
    const page = await after.follow('member');
    await page.until(({ messages }) => messages.length > 0);
    expect(page.messages.map(({ text }) => text)).toEqual(['Two']);
    expect([...values.keys()].filter((key) => key.includes('question-1')).length).toBeGreaterThan(0);
  });
});

describe('a message of an answer', () => {
  it('that a person deleted ends the answer', async () => {
    const playground = await start();
    const message = await openAnswer(playground);
    await playground.post('remove', { as: 'member', message: message.key });
    await expect(message.update(viewOf('One two'), never)).rejects.toThrow(PlaceGone);
  });

  it('that a thread hangs on cannot be deleted', async () => {
    const playground = await start();
    const message = await openAnswer(playground);
    await say(playground, { id: 'question-2', text: 'Why?', thread: message.key });
    const refused = await playground.post('remove', { as: 'operator', message: message.key });
    expect(refused.status).toBe(409);
  });
});

describe('a thread', () => {
  it('is renamed by who began it or an admin, and by nobody else', async () => {
    const playground = await start();
    const page = await playground.follow('member');
    await say(playground, { id: 'question-1', text: '@Parley why?' });
    const rename = async (as: string, title: string, thread = 'question-1') =>
      (await playground.post('rename', { as, thread, title })).status;
    expect(await rename('member', 'By Mia')).toBe(202);
    expect(await rename('operator', 'By Otto')).toBe(202);
    await page.until(({ messages }) => messages[0]?.threadTitle === 'By Otto');
    await say(playground, { id: 'question-2', text: '@Parley and?', as: 'admin' });
    expect(await rename('member', 'Not mine', 'question-2')).toBe(403);
    await say(playground, { id: 'talk-0001', text: 'lunch?' });
    expect(await rename('member', 'No thread', 'talk-0001')).toBe(404);
    expect(await rename('member', 'Nothing', 'nowhere')).toBe(404);
    await page.until(({ messages }) => messages.length === 3);
    expect(page.messages.map(({ threadTitle }) => threadTitle)).not.toContain('Not mine');
  });

  it('keeps a message of the answer that it hangs on, without its words, if the answer is deleted', async () => {
    const playground = await start();
    const page = await playground.follow('member');
    const surface = await ask(playground);
    const first = await surface.openMessage(viewOf('One', { status: 'sealed' }), never);
    const last = await surface.openMessage(viewOf('Two', { status: 'complete' }), never);
    await say(playground, { id: 'question-2', text: 'Why?', thread: first.key });
    // As core does for an answer of two messages.
    Object.assign(playground.dispatch, {
      deleteAnswer: ({ remove }: Parameters<Dispatch['deleteAnswer']>[0]) => remove([first.key, last.key]),
    });
    await playground.post('remove', { as: 'member', message: last.key });
    await page.until(({ answers }) => answers.length === 1 && answers[0]?.text === '');
    expect(page.answers).toMatchObject([
      { id: first.key, note: 'This answer was deleted.', footer: null, buttons: [] },
    ]);
  });
});

describe('a form of a button', () => {
  it('asks for what the button declares, and is not there for others', async () => {
    const suggest = [{ label: 'Some Model', value: 'some/model' }];
    const playground = await start({ suggest });
    const message = await openAnswer(playground, viewOf('Done.', { status: 'complete' }));
    const form = async (query: Record<string, string>) => {
      const asked = new URLSearchParams({ as: 'member', message: message.key, button: 'retry', ...query });
      return await playground.send('GET', `api/press-form?${asked}`);
    };
    expect((await form({})).json()).toMatchObject({
      ok: true,
      fields: expect.arrayContaining([
        expect.objectContaining({
          type: 'choice',
          choices: [{ label: 'The same model', value: '' }, ...suggest],
        }),
      ]),
    });
    expect((await form({ button: 'stop' })).status).toBe(409);
    expect((await form({ message: 'nowhere' })).status).toBe(404);
    expect((await form({ as: 'stranger' })).json()).toHaveProperty('problem');
  });

  it.each(['stop', 'summary'] as const)('is not there for a button without one: %s', async (kind) => {
    const playground = await start();
    const buttons = [{ kind, answerId: 'answer-1' }];
    const message = await openAnswer(playground, viewOf('One', { buttons }));
    const query = new URLSearchParams({ as: 'member', message: message.key, button: kind });
    expect((await playground.send('GET', `api/press-form?${query}`)).json()).toEqual({ ok: false });
  });

  it('is not offered if the core refuses the press', async () => {
    const playground = await start();
    Object.assign(playground.dispatch, { refusalOfPress: async () => 'Only its asker can.' });
    const message = await openAnswer(playground, viewOf('Done.', { status: 'complete' }));
    const query = new URLSearchParams({ as: 'admin', message: message.key, button: 'retry' });
    expect((await playground.send('GET', `api/press-form?${query}`)).json()).toEqual({ ok: false });
  });
});

describe('the server of the playground', () => {
  it('says what it does not serve', async () => {
    const playground = await start();
    const statusOf = async (method: string, path: string) => (await playground.send(method, path)).status;
    expect(await statusOf('GET', '/nowhere')).toBe(404);
    expect(await statusOf('GET', 'nowhere.js')).toBe(404);
    expect(await statusOf('GET', 'api/nowhere')).toBe(404);
    expect(await statusOf('POST', 'api/room')).toBe(404);
    expect(await statusOf('DELETE', 'index.html')).toBe(405);
    expect(await statusOf('POST', 'api/login')).toBe(404);
  });

  it('sends the page’s headers alone on HEAD', async () => {
    const playground = await start();
    const [page, head] = [await playground.send('GET', ''), await playground.send('HEAD', '')];
    expect(page.text).not.toBe('');
    expect([head.status, head.text]).toEqual([200, '']);
    for (const name of ['etag', 'content-type', 'content-length'])
      expect(head.headers[name]).toBe(page.headers[name]);
  });

  it('answers a fault with 500 and no detail', async () => {
    const playground = await start();
    Object.assign(playground.host, { status: () => Promise.reject(new Error('secret')) });
    const { status, text } = await playground.send('GET', 'api/status?as=admin&channel=random');
    expect([status, text]).toEqual([500, expect.stringContaining('Something went wrong')]);
    expect(text).not.toContain('secret');
  });

  it('takes no file without a name', async () => {
    const playground = await start();
    const upload = (name: string) =>
      playground.send(
        'POST',
        `api/upload?${new URLSearchParams({ id: 'upload-01', as: 'member', type: 'text/plain', name })}`,
        {
          headers: { 'content-type': 'application/octet-stream', origin: playground.url.origin },
          body: 'bytes',
        },
      );
    expect((await upload('')).status).toBe(400);
    expect((await upload('x'.repeat(256))).status).toBe(400);
    expect((await upload('x'.repeat(255))).status).toBeLessThan(300);
  });
});

describe('the bar', () => {
  it('shows what holds for the person at the place', async () => {
    const playground = await start();
    const answer = await playground.send('GET', 'api/status?as=admin&channel=random');
    expect(answer.json()).toEqual({
      provider: 'Demo',
      model: { id: 'for/random', name: 'For Ada' },
      models: [],
      efforts: [],
      effort: null,
      tier: 'free',
      spent: '$0.0015',
      demo: true,
    });
  });

  it.each(['channel=dm-admin', 'channel=nowhere', 'channel=general&thread=nowhere'])(
    'is not shown for a place that the person does not see: %s',
    async (place) => {
      const playground = await start();
      expect((await playground.send('GET', `api/status?as=member&${place}`)).status).toBe(404);
      const asked = `as=member&command=ask&option=model&text=&${place}`;
      expect((await playground.send('GET', `api/suggest?${asked}`)).status).toBe(404);
      expect(playground.dispatch.suggestRequests).toEqual([]);
    },
  );

  it('switches the tier, and says to all pages that it may show something else', async () => {
    const playground = await start();
    const page = await playground.follow('member');
    expect((await playground.post('tier', { tier: 'premium' })).status).toBe(202);
    expect(playground.host.tier).toBe('premium');
    await page.until(({ items }) => items.has('status'));
    expect((await playground.post('tier', { tier: 'platinum' })).status).toBe(400);
    expect(playground.host.tier).toBe('premium');
  });
});

describe('the menu', () => {
  it('is made of the declared commands', async () => {
    const playground = await start();
    const { commands } = (await playground.send('GET', 'api/room')).json() as {
      commands: { name: string; options: { name: string; type: string; required: boolean }[] }[];
    };
    const askInfo = commands.find(({ name }) => name === 'ask');
    expect(askInfo?.options).toMatchObject([
      { name: 'prompt', type: 'text', required: true },
      { name: 'model', type: 'model', required: false },
      { name: 'effort', type: 'choice', required: false },
      { name: 'web', type: 'flag' },
      { name: 'private', type: 'flag' },
    ]);
  });

  it('says who may use a command that is asked for in a form', async () => {
    const playground = await start({
      admit: ({ actor, command }) => command === 'connect' && actor.user === 'admin',
    });
    const asked = async (as: string, command: string) => {
      const query = new URLSearchParams({ as, command, channel: 'general' });
      return (await playground.send('GET', `api/admit?${query}`)).json();
    };
    expect(await asked('admin', 'connect')).toEqual({ ok: true });
    expect(await asked('member', 'connect')).toEqual({ ok: false });
    expect(await asked('admin', 'nothing')).toEqual({ ok: false });
    expect(await asked('stranger', 'connect')).toHaveProperty('problem');
  });

  it('completes models from the core, for the person and the place', async () => {
    const suggest = [{ label: 'Some Model', value: 'some/model' }];
    const playground = await start({ suggest });
    const query = 'as=admin&channel=general&command=ask&option=model&text=som';
    expect((await playground.send('GET', `api/suggest?${query}`)).json()).toEqual(suggest);
    expect(playground.dispatch.suggestRequests).toMatchObject([
      { command: 'ask', option: 'model', text: 'som', actor: { user: 'admin' }, place: { key: null } },
    ]);
  });
});

async function say(
  { post }: Playground,
  {
    id,
    text,
    as = 'member',
    channel = 'general',
    thread = null,
  }: { id: string; text: string; as?: string; channel?: string; thread?: string | null },
) {
  return await post('message', { id, as, channel, thread, text });
}

function pressesOf({ dispatch }: Playground) {
  return dispatch.inbound
    .filter((inbound): inbound is Extract<Inbound, { kind: 'press' }> => inbound.kind === 'press')
    .map(({ event }) => event);
}
