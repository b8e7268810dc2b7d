import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entryInWords } from '../../../../src/core/access/audit.ts';
import { createPauses } from '../../../../src/core/chat/question/pause.ts';
import { systemClock } from '../../../../src/core/kit/time/clock.ts';
import { createTestBot, invocationOf, messageOf, type TestBot } from '../../../support/test-bot.ts';

let bot: TestBot;
/** The store has a bot and, as the command line does, another process. */
let elsewhere: ReturnType<typeof createPauses>;

let nowMs = Date.now();
const clock = { ...systemClock, now: () => nowMs };

beforeEach(async () => {
  bot = await createTestBot({ clock });
  elsewhere = createPauses(bot.store, clock);
});
afterEach(() => bot.close());

async function ask(): Promise<string> {
  const asked = messageOf('Hi', { place: { key: 'thread 1' } });
  await bot.dispatch.message(asked);
  return [...asked.surface.privateTexts.map(({ text }) => text), asked.surface.text].join('\n').trim();
}

describe('a pause', () => {
  it('tells people why there is no answer, in every process, until it ends', async () => {
    bot.provider.answer('Yes.');
    expect(await ask()).toContain('Yes.');
    await elsewhere.pause('Back at noon.', 'command line (olga)');
    nowMs += 2_000;
    expect(await ask()).toBe('I am paused and not taking questions right now: Back at noon.');
    const command = invocationOf('ask', { prompt: 'Hi' });
    await bot.dispatch.command(command);
    expect(command.surface.privateTexts).toMatchObject([{ text: expect.stringMatching(/^I am paused/) }]);
    const help = invocationOf('help', {});
    await bot.dispatch.command(help);
    expect(help.surface.privateTexts[0]?.text).toContain('/ask');

    expect(await elsewhere.resume('command line (olga)')).toMatchObject({ text: 'Back at noon.' });
    expect(await elsewhere.resume('command line (olga)')).toBeNull();
    nowMs += 2_000;
    bot.provider.answer('Again.');
    expect(await ask()).toContain('Again.');
  });

  it('counts at once in the process in which it begins and ends', async () => {
    bot.provider.answer('Yes.');
    expect(await ask()).toContain('Yes.');
    await bot.services.pauses.pause('', 'dashboard (127.0.0.1)');
    expect(await ask()).toMatch(/^I am paused/);
    await bot.services.pauses.resume('dashboard (127.0.0.1)');
    bot.provider.answer('Again.');
    expect(await ask()).toContain('Again.');
  });

  it('stands in the audit log of all guilds, with what people were told', async () => {
    await elsewhere.pause('', 'command line (olga)');
    await elsewhere.pause('Back at noon.', 'dashboard (127.0.0.1)');
    await elsewhere.resume('command line (olga)');
    const entries = await Array.fromAsync(bot.services.audit.query({}));
    expect(entries.map(entryInWords)).toEqual([
      expect.stringMatching(/, command line \(olga\), pause\.end of all guilds: Back at noon\. → nothing$/),
      expect.stringMatching(/, pause\.begin of all guilds: a pause without a text → Back at noon\.$/),
      expect.stringMatching(/, pause\.begin of all guilds: nothing → a pause without a text$/),
    ]);
  });
});
