import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createTestBot,
  invocationOf,
  messageOf,
  pressOf,
  type TestBot,
  testActor,
} from '../../../support/test-bot.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await createTestBot({ defaultTier: 'premium', defaultModel: 'openai/gpt-4o-mini' });
});
afterEach(() => bot.close());

const place = { key: 't' };
const mia = testActor('mia');
const ben = testActor('ben');
const ada = testActor('ada', { isAdmin: true });

async function ask(cost = 0.01) {
  bot.provider.answer('Yes.', { prompt_tokens: 100, completion_tokens: 20, cost });
  const asked = messageOf('Really?', { place });
  await bot.dispatch.message(asked);
  const buttons = asked.surface.shown?.buttons ?? [];
  return { answerId: buttons[0]?.answerId ?? '', kinds: buttons.map(({ kind }) => kind), asked };
}

async function rate(kind: 'good' | 'bad', answerId: string, actor = ben, given = {}) {
  const press = pressOf(kind, answerId, { place, actor, given });
  await bot.dispatch.press(press);
  return press.surface.privateTexts[0]?.text ?? '';
}

const kept = () => Array.fromAsync(bot.services.feedback.query({ of: { guild: 'discord:1' } }));

async function run(command: string, options: Record<string, unknown>, actor = mia) {
  const invocation = invocationOf(command, options, { actor, place });
  await bot.dispatch.command(invocation);
  const [notice] = invocation.surface.privateTexts;
  const [file] = (notice?.files ?? []).toReversed();
  return { text: notice?.text ?? '', file: file === undefined ? '' : new TextDecoder().decode(file.bytes) };
}

describe('👍 and 👎', () => {
  it('rate no answer in whose place another has come', async () => {
    const { answerId } = await ask();
    bot.provider.answer('No.');
    await bot.dispatch.press(pressOf('retry', answerId, { place }));
    expect(await rate('good', answerId)).toMatch(/no longer stored, so it cannot be rated/);
    expect(await kept()).toEqual([]);
  });

  it('stand under a whole answer, for everybody who sees it, with its model and its cost', async () => {
    const { answerId, kinds } = await ask();
    expect(kinds).toEqual(['retry', 'continue', 'good', 'bad']);
    expect(await rate('good', answerId)).toMatch(/^Thanks, noted as a good answer/);
    expect(await kept()).toEqual([
      expect.objectContaining({
        user: 'ben',
        verdict: 'good',
        model: 'openai/gpt-4o-mini',
        bill: { costNanoUsd: 10_000_000, payer: 'operator' },
      }),
    ]);
    expect(await rate('bad', answerId, ben, { reason: ' Wrong. ' })).toMatch(/noted as a bad answer/);
    expect((await kept()).map(({ verdict, reason }) => [verdict, reason])).toEqual([['bad', 'Wrong.']]);
  });

  it('count as soon as the form for the reason opens, and not where nobody may press', async () => {
    const { answerId, asked } = await ask();
    const press = { button: 'bad', answerId, place: asked.place } as const;
    expect(await bot.dispatch.refusalOfPress({ ...press, actor: ben })).toBeNull();
    expect(await kept()).toMatchObject([{ verdict: 'bad', user: 'ben' }]);
    const stranger = testActor('eve', { guild: 'discord:2' });
    expect(await bot.dispatch.refusalOfPress({ ...press, actor: stranger })).toMatch(/expired/);
    expect(await rate('good', answerId, stranger)).toMatch(/has expired/);
    expect(await kept()).toHaveLength(1);
  });

  it('of a private answer are its asker’s alone', async () => {
    bot.provider.answer('Yes.');
    const asked = invocationOf('ask', { prompt: 'Hi', private: true });
    Object.assign(asked.surface, { isPrivate: true });
    await bot.dispatch.command(asked);
    const answerId = asked.surface.shown?.buttons[0]?.answerId ?? '';
    expect(await rate('good', answerId)).toMatch(/has expired/);
    expect(await rate('good', answerId, mia)).toMatch(/good answer/);
  });

  it('are the share of good answers, and what one cost, in /usage and its table', async () => {
    const { answerId } = await ask(0.01);
    const { answerId: other } = await ask(0.03);
    await rate('good', answerId);
    await rate('bad', other);
    const { text, file } = await run('usage', {}, ada);
    expect(text).toMatch(
      /By model\*\*\n- GPT-4o mini: 2 requests .* · 50% of 2 rated answers good · \$0\.04 per good answer/,
    );
    expect(text).not.toMatch(/By person\*\*.*Ben/s);
    expect(file).toMatch(/,good_answers,bad_answers,rated_cost_usd\r\n/);
    expect(file).toMatch(/,discord:1,ben,Ben,openai\/gpt-4o-mini,operator,0,.*,1,1,0\.040000000\r\n/);
  }, 120_000);

  it('are exported and forgotten with the person, and with the guild', async () => {
    const { answerId } = await ask();
    await rate('bad', answerId, ben, { reason: 'Too long.' });
    await rate('good', answerId, mia);
    expect(JSON.parse((await run('export', {}, ben)).file).feedback).toMatchObject([{ reason: 'Too long.' }]);
    await run('forget', { what: 'myself', sure: 'yes' }, ben);
    expect((await kept()).map(({ user }) => user)).toEqual(['mia']);
    await run('forget', { what: 'guild', sure: 'yes' }, ada);
    expect(await kept()).toEqual([]);
  });

  it('are bounded for each person', async () => {
    const { answerId } = await ask();
    for (let times = 0; times < 30; times++) expect(await rate('good', answerId)).toMatch(/Thanks/);
    expect(await rate('good', answerId)).toMatch(/rated too many answers .* Try again in/);
    expect(await rate('good', answerId, mia)).toMatch(/Thanks/);
  });
});
