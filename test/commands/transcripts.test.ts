import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parseCatalogueFile } from '../../src/core/catalogue/file.ts';
import { clockOf, systemClock } from '../../src/core/kit/time/clock.ts';
import { buttonRow, type PressKind } from '../../src/core/ports/buttons.ts';
import { limitsSchema } from '../../src/core/ports/limits.ts';
import { THINKING_FILE } from '../support/models.ts';
import {
  createTestBot,
  invocationOf,
  messageOf,
  pressOf,
  type TestBot,
  type TestBotOptions,
  testActor,
  testSurface,
} from '../support/test-bot.ts';

/** The people of the transcripts. */
const PEOPLE = {
  mia: testActor('mia'),
  ben: testActor('ben'),
  ada: testActor('ada', { isAdmin: true }),
  olga: testActor('olga'),
  otto: testActor('otto', { guild: 'web:local' }),
  sam: testActor('T1/U1', { guild: 'slack:T1', isAdmin: true }),
  eve: testActor('eve', { guild: 'discord:2', isAdmin: true }),
  dora: testActor('dora', { guild: 'discord:dm:dora' }),
};

/** Noon for ever: nobody is told how long anything took, and no minute ends. */
const noon = clockOf({ now: () => Date.UTC(2026, 0, 15, 12), after: systemClock.after });

const limits = limitsSchema.parse(undefined);
const operators = ['discord:olga', 'web:otto'];

/** Whom people talk to under each heading. */
const BOTS: Readonly<Record<string, TestBotOptions>> = {
  'The free tier': { limits, operators },
  'All models': { limits, operators, defaultTier: 'premium', defaultModel: 'openai/gpt-4o-mini' },
  Effort: { file: THINKING_FILE, defaultModel: 'openai/gpt-5' },
  'What people do with an answer': { defaultTier: 'openai', keys: ['openrouter', 'openai'] },
  'No encryption': { encryptionKeys: [], keys: ['openai'], operatorContact: 'ops@example.com' },
  'What is sold, and for how long': {
    operators,
    skuTiers: new Map([
      ['100', 'openai'],
      ['200', 'premium'],
    ]),
    file: parseCatalogueFile(
      JSON.stringify({
        models: [
          { id: 'maker/small', name: 'Small', tier: 'free' },
          { id: 'maker/large', name: 'Large', tier: 'premium', contextTokens: 1_500_000 },
        ],
        tiers: { free: { maxAnswerTokens: 500 } },
      }),
    ),
  },
};

const FILE = fileURLToPath(new URL('transcripts.md', import.meta.url));
const [preface = '', ...sections] = readFileSync(FILE, 'utf8').split(/^## /m);

/** The newest answer, which buttons are pressed under. */
interface Newest {
  answerId: string;
  message: string;
}

/**
 * Plays one line and returns all that its author is shown. A line is a command (`mia in thread: /model model:gpt-4o`), a
 * message, or something done with the newest answer (`mia in thread: (retry model:gpt-4o)`).
 */
async function shownFor(bot: TestBot, newest: Newest, line: string): Promise<string> {
  const [, who = '', key = null, said = ''] = /^(\w+)(?: in (\w+))?: (.*)$/.exec(line) ?? [];
  const actor = PEOPLE[who as keyof typeof PEOPLE];
  const surface = testSurface({ isOverheard: key !== null });
  const event = { actor, surface, place: { key } };
  const [, command, deed, rest = ''] = /^(?:\/(\S+)|\((\w+))(.*?)\)?$/.exec(said) ?? [];
  const given = [...rest.matchAll(/(\w+):(?:"([^"]*)"|([^\s)]+))/g)].map(([, name, quoted, word]) => [
    name,
    word === 'true' ? true : (quoted ?? word),
  ]);
  const options = Object.fromEntries(given);
  bot.provider.unscript();
  bot.provider.answer('Yes.', { prompt_tokens: 1_000, completion_tokens: 200, cost: 0.0123 });
  if (command !== undefined) await bot.dispatch.command(invocationOf(command, options, event));
  else if (deed === 'delete') {
    const { id, place } = invocationOf('', {}, event);
    const { message } = newest;
    const remove = async () => {};
    await bot.dispatch.deleteAnswer({ id, actor, place, surface, message, isOwn: message !== '', remove });
  } else if (deed !== undefined) {
    const press = pressOf(deed as PressKind, newest.answerId, { ...event, given: options });
    await bot.dispatch.press(press);
  } else await bot.dispatch.message(messageOf(said, event));
  const { shown, text, privateTexts, messages } = surface;
  if (shown !== null) {
    newest.answerId = shown.buttons[0]?.answerId ?? '';
    newest.message = messages[0]?.key ?? '';
  }
  const buttons = shown?.buttons.map(({ kind }) => `[${buttonRow(kind).label}]`).join(' ');
  const files = privateTexts.flatMap((notice) => notice.files ?? []).map(({ name }) => `(${name})`);
  return [text, shown?.note, shown?.footer, buttons, ...privateTexts.map((told) => told.text), ...files]
    .filter(Boolean)
    .join('\n');
}

it('people are told word for word what the transcripts have', async () => {
  const headings = sections.map((section) => section.slice(0, section.indexOf('\n')));
  expect(headings).toEqual(Object.keys(BOTS));
  const told: string[] = [];
  for (const [index, heading] of headings.entries()) {
    const bot = await createTestBot({ ...BOTS[heading], clock: noon, steadyClock: systemClock });
    const newest = { answerId: '', message: '' };
    told.push(`## ${heading}\n`);
    for (const [, line = ''] of (sections[index] ?? '').matchAll(/^> (.*)$/gm)) {
      told.push(`> ${line}\n\n${await shownFor(bot, newest, line)}\n`);
    }
    await bot.close();
  }
  // `vitest -u` writes what people are told now.
  await expect(`${preface}${told.join('\n')}`).toMatchFileSnapshot(FILE);
});
