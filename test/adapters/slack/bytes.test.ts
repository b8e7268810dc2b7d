import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/core/kit/time/clock.ts';
import { createFastClock } from '../../support/fast-clock.ts';
import { connectToSlack, openSlack } from '../../support/slack/parley.ts';
import { createTestBot } from '../../support/test-bot.ts';
import { until } from './harness.ts';

async function setUp(agentView: boolean) {
  // Minutes at Slack's pace in seconds.
  const clock = createFastClock(20);
  const bot = await createTestBot({ steadyClock: clock });
  onTestFinished(bot.close);
  const slack = await openSlack({ agentView, clock, deliveryClock: systemClock });
  await connectToSlack(slack, bot, clock);
  const ann = slack.user('Ann');
  const general = slack.channel('general', [ann]);

  /** The whole answer to a question, once it has ended: the text of all its messages. */
  async function ask(where: 'channel' | 'agent view', question = 'why?'): Promise<string> {
    const channel = where === 'channel' ? general : ann.dm;
    const mention = where === 'channel' ? `<@${slack.app.botUserId}> ` : '';
    const { ts } = ann.say(channel, `${mention}${question}`);
    const answers = () => slack.messages(channel, ts).filter(({ author }) => author === slack.app.botUserId);
    await until(() => answers().some(({ buttons }) => buttons.some(({ label }) => label === 'Retry…')));
    return answers()
      .map(({ text }) => text)
      .join('\n');
  }
  return { bot, slack, ask, ann, general };
}

/** Numbered words with something around each. */
const words = (count: number, word: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => word(index));
const sentences = (all: readonly string[]) =>
  all.map((word, index) => (index % 17 === 16 ? `${word}.\n\n` : `${word} `)).join('');

const ANSWERS = {
  'English, 400 words': sentences(words(400, (index) => `consideration${index}w`)),
  'English, 4,000 words': sentences(words(4_000, (index) => `word${index}w`)),
  'Russian, 900 words': sentences(words(900, (index) => `предложение${index}w`)),
  'Chinese, 800 words': sentences(words(800, (index) => `人工智能的发展很快${index}w，`)),
  'emoji, 500 words': sentences(words(500, (index) => `👩‍👩‍👧👍🏽${index}w`)),
  'code, 800 words': `Look:\n\n\`\`\`ts\n${words(800, (index) => `const имя${index}w = a && b < c;`).join('\n')}\n\`\`\``,
  'HTML and mentions, 600 words': words(600, (index) => `- <@U0${index}w> & <!channel> &lt;b&gt;`).join('\n'),
};

const numbersIn = (text: string) => [...text.matchAll(/(\d+)w/g)].map(([, number]) => Number(number));

describe('an answer on a Slack that counts bytes', () => {
  it.each(
    Object.keys(ANSWERS).flatMap((name) => [
      [name, 'channel'] as const,
      ...(/Chinese|HTML/.test(name) ? [[name, 'agent view'] as const] : []),
    ]),
  )('stands whole: %s (%s)', async (name, where) => {
    const { bot, slack, ask } = await setUp(where === 'agent view');
    const answer = ANSWERS[name as keyof typeof ANSWERS];
    bot.provider.answer(answer);
    const text = await ask(where);
    expect(numbersIn(text)).toEqual(numbersIn(answer));
    expect(text).not.toContain('The platform refuses');
    expect(slack.violations).toEqual([]);
    expect(slack.pings).toEqual([]);
  });

  it('sends a short text beside blocks: all of a short answer, else its beginning', async () => {
    const { bot, slack, ask, general } = await setUp(false);
    bot.provider.answer('Short **answer**.');
    await ask('channel');
    bot.provider.answer(ANSWERS['Chinese, 800 words']);
    await ask('channel');
    const texts = slack.requests
      .filter(({ method }) => method === 'chat.update' || method === 'chat.postMessage')
      .map(({ args }) => String(args['text']));
    expect(texts[0]).toBe('Short **answer**.');
    expect(Math.max(...texts.map((text) => Buffer.byteLength(text)))).toBeLessThanOrEqual(3_000);
    expect(texts.at(-1)).toMatch(/^人工智能的发展很快.*…$/su);
    expect(slack.messages(general)).toHaveLength(2);
  });

  it.each(['msg_too_long', 'msg_blocks_too_long', 'invalid_blocks'])(
    'falls back to plain text that is shorter than what was refused (%s)',
    async (error) => {
      const { bot, slack, ask } = await setUp(false);
      const answer = ANSWERS['Russian, 900 words'];
      for (const method of ['chat.postMessage', 'chat.update']) {
        const matches = (args: Readonly<Record<string, unknown>>) =>
          JSON.stringify(args['blocks']).includes('"markdown"');
        slack.faults.add({ method, how: { kind: 'error', error }, times: 1_000, matches });
      }
      bot.provider.answer(answer);
      expect(numbersIn(await ask('channel'))).toEqual(numbersIn(answer));
      const sizes = slack.requests
        .filter(({ method }) => method === 'chat.postMessage' || method === 'chat.update')
        .map(({ args }) => ({
          isPlain: !JSON.stringify(args['blocks']).includes('"markdown"'),
          textBytes: Buffer.byteLength(String(args['text'])),
        }));
      const plain = sizes.filter(({ isPlain }) => isPlain).map(({ textBytes }) => textBytes);
      const refused = sizes.filter(({ isPlain }) => !isPlain).map(({ textBytes }) => textBytes);
      expect(Math.max(...plain)).toBeLessThan(Math.max(...refused));
      expect(slack.violations).toEqual([]);
    },
  );

  it('shows a long question in Chinese as far as a message holds it', async () => {
    const { bot, slack, ann, general } = await setUp(false);
    bot.provider.answer('Yes.');
    const question = '为什么天空是蓝色的？\n'.repeat(500);
    await ann.slash('/ask', question, { channel: general });
    await until(() => slack.messages(general).length === 1);
    const { ts = '' } = slack.messages(general)[0] ?? {};
    await until(() => slack.messages(general, ts).some(({ text }) => text.startsWith('Yes.')));
    expect(slack.violations).toEqual([]);
  });
});
