import { describe, expect, it, vi } from 'vitest';
import { countTo, numbersIn, openRestarts, paragraphs, TIMEOUT_MS } from './harness.ts';

const FAULT_ON_SIGNAL = `data:text/javascript,${encodeURIComponent(
  "process.on('SIGUSR2', () => { Promise.reject(new Error('nobody catches this')); });",
)}`;

const bench = openRestarts();
const { start } = bench;

describe('a process that is killed', () => {
  it('is finished by the next start: what had arrived, marked, with Retry, and nothing twice', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const before = await start();
    const silent = bench.provider.live();
    await before.ask('silent-1');
    await silent.request;
    const long = bench.provider.live();
    await before.ask('growing-1');
    await long.request;
    await long.text(paragraphs(0, 15));
    await before.page.until(() => before.answersTo('growing-1').length >= 2);
    bench.provider.answer('All said.');
    await before.ask('finished-1');
    await before.page.until(() => before.lastOf('finished-1')?.status === 'complete');
    const seen = before.textOf('growing-1');
    await before.program.kill();

    const after = await start();
    // Killed while its last state is on its way to the store, it is shown so by the next start.
    await after.page.until(
      () =>
        after.lastOf('silent-1')?.status === 'interrupted' &&
        after.lastOf('growing-1')?.status === 'interrupted' &&
        after.lastOf('finished-1')?.status === 'complete',
    );
    const shown = after.textOf('growing-1');
    expect(shown.length).toBeGreaterThanOrEqual(seen.length);
    expect(numbersIn(shown)).toEqual(countTo(15));
    expect(
      after
        .answersTo('growing-1')
        .slice(0, -1)
        .map(({ status }) => status),
    ).not.toContain('streaming');
    expect(after.page.answers.flatMap(({ buttons }) => buttons)).not.toContain('stop');
    for (const question of ['silent-1', 'growing-1']) {
      expect(after.lastOf(question)).toMatchObject({
        note: expect.stringMatching(/^Interrupted/),
        buttons: ['retry'],
      });
    }
    expect(after.answersTo('silent-1')).toHaveLength(1);
    expect(after.answersTo('finished-1')).toMatchObject([{ text: 'All said.', status: 'complete' }]);
    expect([...after.page.items.keys()].filter((key) => key.startsWith('activity/'))).toEqual([]);

    // The same events again, as a platform redelivers them.
    for (const question of ['silent-1', 'growing-1', 'finished-1']) await after.ask(question);
    bench.provider.answer('A second try.');
    await after.post('press', { id: 'retry-01', message: after.lastOf('growing-1')?.id, button: 'retry' });
    await after.page.until(() => after.lastOf('growing-1')?.status === 'complete');
    expect(after.lastOf('growing-1')?.text).toBe('A second try.');
    expect(bench.provider.chats).toHaveLength(4);
  });
});

describe('a process that is told to stop', () => {
  it('lets answers finish, ends the others as interrupted with all their text, and takes no more', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const before = await start({ SHUTDOWN_GRACE_SEC: '8' });
    const ending = bench.provider.live();
    await before.ask('ending-1');
    await ending.request;
    const endless = bench.provider.live();
    await before.ask('endless-1');
    await endless.request;
    await endless.text('As far as it got.');
    await before.page.until(() => before.textOf('endless-1') !== '');
    before.program.signal('SIGTERM');
    await vi.waitFor(() => expect(before.program.output()).toContain('still being written'), 10_000);
    await before.ask('question-too-late');
    await before.page.until(({ messages }) =>
      messages.some(({ text }) => text === 'The bot is restarting. Ask again in a minute.'),
    );
    await ending.text('Just in time.');
    await ending.finish();
    expect(await before.program.exited).toBe(0);
    expect(before.program.output()).toContain(
      '2 answers are still being written; waiting up to 8 s. Press Ctrl-C again to stop now.',
    );

    const after = await start();
    await after.page.until(() => after.page.answers.length === 2);
    expect(after.lastOf('ending-1')).toMatchObject({ text: 'Just in time.', status: 'complete' });
    expect(after.lastOf('endless-1')).toMatchObject({
      text: 'As far as it got.',
      status: 'interrupted',
      buttons: ['retry', 'unlisten'],
    });
  });

  it('leaves at once when it is told a second time, and the next start finishes its answers', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const before = await start();
    const answer = bench.provider.live();
    await before.ask('question-1');
    await answer.request;
    await answer.text('As far as it got.');
    await before.page.until(() => before.textOf('question-1') !== '');
    before.program.signal('SIGTERM');
    before.program.signal('SIGINT');
    expect(await before.program.exited).toBe(130);

    const after = await start();
    await after.page.until(() => after.lastOf('question-1')?.status === 'interrupted');
    expect(after.textOf('question-1')).toBe('As far as it got.');
  });

  it('by a fault that nobody caught ends its answers first', { timeout: TIMEOUT_MS }, async () => {
    const before = await start({ NODE_OPTIONS: `--import=${FAULT_ON_SIGNAL}` });
    const answer = bench.provider.live();
    await before.ask('question-1');
    await answer.request;
    await answer.text('As far as it got.');
    await before.page.until(() => before.textOf('question-1') !== '');
    before.program.signal('SIGUSR2');
    expect(await before.program.exited).toBe(1);
    expect(before.program.errors()).toContain('nobody catches this');

    const after = await start();
    await after.page.until(() => after.page.answers.length === 1);
    expect(after.lastOf('question-1')).toMatchObject({ text: 'As far as it got.', status: 'interrupted' });
  });
});
