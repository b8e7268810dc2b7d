import { describe, expect, it, vi } from 'vitest';
import { createFakeDiscord } from '../support/discord/fake-discord.ts';
import { openGuild } from '../support/discord/guild.ts';
import { saidIn } from '../support/said.ts';
import { BUSY, expectOnce, LATER, labelsOf, openRestarts, paragraphs, TIMEOUT_MS } from './harness.ts';

const bench = openRestarts();
const { start } = bench;

async function openDiscord() {
  const discord = await createFakeDiscord({ acknowledgeWithinMs: 60_000 });
  bench.closeLater(discord);
  const environment = {
    ...discord.environment,
    PLAYGROUND: 'on',
    // Titles would be requests of their own.
    AUTOMATIC: 'off',
  };
  return { discord, environment, ...openGuild(discord) };
}

describe('a process on Discord that is killed', () => {
  it('is finished by the next start, in the messages that were growing or thinking', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const { discord, environment, ada, channel } = await openDiscord();
    const before = await start(environment);
    const thinking = bench.provider.live();
    const first = ada.slash('ask', { prompt: 'One?' }, { channel });
    await thinking.request;
    const growing = bench.provider.live();
    const second = ada.slash('ask', { prompt: 'Two?' }, { channel });
    await growing.text('As far as it got.');
    const buttons = ({ reply }: typeof second) => labelsOf(reply ?? undefined);
    await discord.until(() => buttons(second).includes('Stop'), 'there is text', 60_000);
    await before.program.kill();

    await start(environment);
    await vi.waitFor(() => {
      for (const used of [first, second]) expect(buttons(used)).toEqual(['Retry…']);
    }, BUSY);
    expect(first.reply?.content).toMatch(/^\S* ?Interrupted/);
    expect(second.reply?.content).toMatch(/^As far as it got\.\n\n.*Interrupted/);
    expect(discord.messages(channel)).toHaveLength(2);
    expect(discord.violations).toEqual([]);
  });

  it.each([
    ['after its answer was told to wait', true],
    ['while its answer grows, which is locked already', false],
  ])(
    'has the next start finish an answer whose thread is locked, as soon as it opens: killed %s',
    {
      timeout: TIMEOUT_MS,
    },
    async (_, isHeld) => {
      const { discord, environment, ada, channel } = await openDiscord();
      const before = await start(environment);
      const live = bench.provider.live();
      const thread = { id: ada.say(channel, `${discord.botMention} Why?`).id };
      await live.text('One ');
      const first = () => discord.messages(thread)[0];
      await discord.until(
        () => discord.threads(channel).length === 1 && labelsOf(first()).includes('Stop'),
        'there is text',
        60_000,
      );
      discord.setThread(thread, { archived: true, locked: true });
      const told = () =>
        discord.messages(ada.dm).filter(({ content }) => content.includes('I will finish it'));
      if (isHeld) {
        await live.text('two three.');
        await live.finish();
        await discord.until(() => told().length === 1, 'the asker is told', 60_000);
      }
      await before.program.kill();

      await start({ ...environment, ...LATER });
      // The dead process's claim is taken over while the thread is locked.
      if (!isHeld)
        await vi.waitFor(
          () =>
            expect(
              discord.requests.filter(({ status }) => status === 403 || status === 400).length,
            ).toBeGreaterThan(0),
          BUSY,
        );
      expect(labelsOf(first())).toEqual(['Stop']);
      discord.setThread(thread, { locked: false });
      await vi.waitFor(() => expect(labelsOf(first())).toContain('Retry…'), BUSY);
      expect(first()?.content).toMatch(
        isHeld ? /^One two three\.\n\n.*The thread was locked/ : /^One\n\n.*Interrupted/,
      );
      expect(discord.messages(thread)).toHaveLength(1);
      expect(bench.provider.chats).toHaveLength(1);
      expect(discord.violations).toEqual([]);
    },
  );

  it.each([
    ['grows', 'Canberra, wh'],
    ['is still to come', ''],
  ])(
    'has the next start end the answer to an edited question, as one turn: killed while it %s',
    {
      timeout: TIMEOUT_MS,
    },
    async (_, text) => {
      const { discord, environment, ada } = await openDiscord();
      const before = await start(environment);
      const [first, second] = [bench.provider.live(), bench.provider.live()];
      const question = ada.say(ada.dm, 'What is the capital of Austria?');
      await first.text('Vienna, wh');
      const answers = () => discord.messages(ada.dm).slice(1);
      await discord.until(() => labelsOf(answers()[0]).includes('Stop'), 'there is text', 60_000);
      ada.edit(question, 'What is the capital of Australia?');
      await second.request;
      if (text !== '') {
        await second.text(text);
        await discord.until(() => answers()[0]?.content === text, 'the second answer grows', 60_000);
      }
      await before.program.kill();

      await start({ ...environment, ...LATER });
      await vi.waitFor(() => expect(answers().at(-1)?.content).toContain('Interrupted'), BUSY);
      expect(labelsOf(answers().at(-1))).toContain('Retry…');
      if (text !== '') expect(answers().map(({ content }) => content.split('\n\n')[0])).toEqual([text]);
      expect(answers().flatMap(labelsOf)).not.toContain('Stop');
      bench.provider.answer('Canberra.');
      const form = ada.click(answers().at(-1) ?? question, 'Retry…');
      await discord.until(() => form.modal !== null, 'the form is open', 60_000);
      ada.submit(form, {});
      await vi.waitFor(() => expect(answers().at(-1)?.content).toMatch(/^Canberra\./), BUSY);
      expect(saidIn(bench.provider.chats.at(-1)?.body)).toEqual(['What is the capital of Australia?']);
      expect(discord.violations).toEqual([]);
    },
  );
});

describe('a process that is killed when a message was posted and nobody stored it', () => {
  const answer = paragraphs(0, 60);

  it('has the next start find it on Discord: the first, second or third message of an answer', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const { discord, environment, ada, channel } = await openDiscord();
    const before = await start(environment);
    const threads: string[] = [];
    for (const number of [0, 1, 2]) {
      const live = bench.provider.live();
      const { id } = ada.say(channel, `${discord.botMention} Question ${number}?`);
      threads.push(id);
      const posts = new RegExp(`/channels/${id}/messages$`);
      if (number > 0)
        discord.faults.add('POST', posts, { kind: 'hold', when: 'before', until: Promise.resolve() }, number);
      discord.faults.add('POST', posts, { kind: 'hold', when: 'after', until: new Promise(() => {}) });
      await live.text(answer);
    }
    const shown = (number: number) => discord.messages({ id: threads[number] ?? '' });
    await discord.until(
      () => [0, 1, 2].every((number) => shown(number).length === number + 1),
      'posted',
      60_000,
    );
    await before.program.kill();

    await start({ ...environment, ...LATER });
    await vi.waitFor(() => {
      for (const number of [0, 1, 2]) expect(labelsOf(shown(number).at(-1))).toEqual(['Retry…']);
    }, BUSY);
    for (const number of [0, 1, 2]) {
      expectOnce(shown(number).map(({ content }) => content));
      expect(shown(number).flatMap(labelsOf)).toEqual(['Retry…']);
    }
    expect(discord.violations).toEqual([]);
  });
});
