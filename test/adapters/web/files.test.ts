import { afterEach, describe, expect, it } from 'vitest';
import { type Playground, startPlayground } from './playground.ts';
import { viewOf } from './scripted-dispatch.ts';

let playground: Playground;
afterEach(() => playground.close());

const never = { 'content-type': 'application/octet-stream' };

function upload(id: string, body: string, { as = 'member', headers = never } = {}) {
  const query = new URLSearchParams({ id, as, name: 'notes.md', type: 'text/markdown' });
  return playground.send('POST', `api/upload?${query}`, { headers, body });
}

const say = (id: string, text: string, files: readonly string[], thread: string | null = null) =>
  playground.post('message', { id, as: 'member', channel: 'general', thread, text, files });

/** The part of its thread that the newest command reads. */
async function threadOfCommand(): Promise<readonly string[] | undefined> {
  const command = playground.dispatch.inbound.findLast(({ kind }) => kind === 'command');
  if (command?.kind !== 'command') throw new Error('no command was brought');
  const read = await command.event.readThread?.(null, new AbortController().signal);
  return read?.messages.map(({ text }) => text);
}

const heard = () =>
  playground.dispatch.inbound.flatMap(({ kind, event }) => (kind === 'message' ? [event] : []));

describe('files in the playground', () => {
  it('come with the message, are shown, and are there to be read', async () => {
    playground = await startPlayground();
    const page = await playground.follow('admin');
    expect((await upload('upload-01', '# Notes')).status).toBe(202);
    expect((await say('question-1', '@parley what is this?', ['upload-01'])).status).toBe(202);
    expect(heard()[0]?.parts).toMatchObject([
      { type: 'text', text: 'what is this?' },
      { type: 'file', name: 'notes.md', mediaType: 'text/markdown', reference: 'upload-01' },
    ]);
    await page.until(({ messages }) => messages.length === 1);
    expect(page.messages).toMatchObject([{ files: [{ name: 'notes.md' }] }]);
    expect((await playground.send('GET', 'api/file?as=admin&message=question-1&index=0')).text).toBe(
      '# Notes',
    );
    expect(Buffer.from((await playground.readFile('upload-01')) ?? []).toString()).toBe('# Notes');
  });

  it('come with a command', async () => {
    playground = await startPlayground();
    await upload('upload-01', '# Notes');
    const command = { command: 'ask', options: { prompt: 'Why?' }, text: '/ask Why?', files: ['upload-01'] };
    await playground.post('command', {
      id: 'question-1',
      as: 'member',
      channel: 'general',
      thread: null,
      ...command,
    });
    expect(playground.dispatch.inbound[0]?.event).toMatchObject({ brought: [{ name: 'notes.md' }] });
  });

  it('are a message without a word; nothing at all is none', async () => {
    playground = await startPlayground();
    await upload('upload-01', '# Notes');
    expect((await say('question-1', '', ['upload-01'])).status).toBe(202);
    expect((await say('question-2', '', [])).status).toBe(400);
  });

  it('are refused if they are too large, another’s, gone, or sent by a page from elsewhere', async () => {
    playground = await startPlayground();
    expect((await upload('upload-01', 'x'.repeat(1_001))).status).toBe(413);
    expect((await upload('upload-02', 'x', { headers: { 'content-type': 'text/plain' } })).status).toBe(415);
    await upload('upload-03', 'x', { as: 'admin' });
    expect((await say('question-1', 'Hi', ['upload-03'])).status).toBe(409);
    expect((await say('question-2', 'Hi', ['upload-04'])).status).toBe(409);
    await expect(playground.readFile('upload-04')).rejects.toThrow(/no longer in the playground/);
  });

  it('go with their message', async () => {
    playground = await startPlayground();
    await upload('upload-01', '# Notes');
    await say('question-1', 'Hi', ['upload-01']);
    await playground.post('remove', { as: 'member', message: 'question-1' });
    await expect(playground.readFile('upload-01')).rejects.toThrow(/no longer in the playground/);
  });

  it('stand in the thread that a question brings', async () => {
    playground = await startPlayground();
    await upload('upload-01', '# Notes');
    await say('root-0001', 'Look at this', ['upload-01']);
    await say('reply-001', 'It is odd', [], 'root-0001');
    await say('question-1', '@parley why?', [], 'root-0001');
    const read = await heard().at(-1)?.readThread?.(null, new AbortController().signal);
    expect(read?.messages).toMatchObject([
      {
        why: 'thread',
        author: { user: 'member' },
        text: 'Look at this',
        files: [{ name: 'notes.md', reference: 'upload-01' }],
      },
      { text: 'It is odd', files: [] },
    ]);
    const later = await heard()
      .at(-1)
      ?.readThread?.(Date.now() + 1_000, new AbortController().signal);
    expect(later?.messages).toEqual([]);
  });

  it('stand in the thread that a command is about', async () => {
    playground = await startPlayground();
    await say('root-0001', 'Look at this', []);
    await say('reply-001', 'It is odd', [], 'root-0001');
    await playground.post('command', {
      id: 'question-1',
      as: 'member',
      channel: 'general',
      thread: 'root-0001',
      command: 'summarise',
      options: {},
      text: '/summarise',
    });
    expect(await threadOfCommand()).toEqual(['Look at this', 'It is odd']);
  });

  it('stand in the thread that a button sums up, for whoever presses it, who need not have asked', async () => {
    playground = await startPlayground();
    await say('root-0001', 'Look at this', []);
    await say('question-1', '@parley why?', [], 'root-0001');
    const view = viewOf('Because.', { status: 'complete' });
    const buttons = [{ kind: 'summary', answerId: 'answer-1' } as const];
    const answer = await heard()
      .at(-1)
      ?.surface.openMessage({ ...view, buttons }, new AbortController().signal);
    const press = { id: 'press-01', as: 'admin', message: answer?.key, button: 'summary' };
    expect((await playground.post('press', press)).status).toBe(202);
    const command = playground.dispatch.inbound.at(-1);
    expect(command).toMatchObject({
      kind: 'command',
      event: {
        command: 'summarise',
        options: { private: true },
        actor: { user: 'admin' },
        surface: { isPrivate: true },
      },
    });
    expect(await threadOfCommand()).toEqual(['Look at this', '@parley why?', 'Because.']);
  });
});
