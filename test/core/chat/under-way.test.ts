import { expect, it } from 'vitest';
import { createAnswersUnderWay } from '../../../src/core/chat/under-way.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const written = (id: string, askedAtMs: number, text = '', ending: object | null = null) => ({
  version: 1,
  platform: 'discord',
  place: 'p',
  answer: { id, model: 'm', askedAtMs, text, sealed: 0, message: null, ending },
  asked: { guild: 'discord:1', user: '7', name: `Mia ${'x'.repeat(200)}` },
});

/** Over these journals, as the store of all processes has them. */
function underWay(...journals: unknown[]) {
  const asked: number[] = [];
  const noted: { action: string; from: string | null; by: string }[] = [];
  const stopped: unknown[] = [];
  const answers = createAnswersUnderWay({
    claims: {
      async journals(_, most) {
        asked.push(most);
        return journals.map((journal, index) => ({
          id: `${index}`,
          owner: 'p',
          fence: 1,
          leaseUntilMs: 0,
          journal,
        }));
      },
    },
    answers: { get: async () => null, to: async () => null },
    stops: { send: async (target) => ({ stopped: stopped.push(target), elsewhere: false }) },
    audit: { append: async (record) => void noted.push(record) },
    clock: createFakeClock(),
  });
  return { answers, asked, noted, stopped };
}

it('lists at most 500 answers in progress, oldest first, and no question that still waits', async () => {
  const ended = { status: 'complete', note: null, footer: null };
  const { answers, asked } = underWay(
    written('b', 20, 'Hello'),
    written('c', 30, '', ended),
    { ...written('d', 5), answer: null },
    'something else',
    written('a', 10),
  );
  const list = await answers.list();
  expect(list.map(({ id, chars, isEnding }) => [id, chars, isEnding])).toEqual([
    ['a', 0, false],
    ['b', 5, false],
    ['c', 0, true],
  ]);
  expect(list[0]).toMatchObject({ guild: 'discord:1', user: '7', model: 'm', askedAtMs: 10 });
  expect(asked).toEqual([500]);
});

it('stops what is in progress alone, and notes who did it to whom', async () => {
  const { answers, noted, stopped } = underWay(written('a', 10));
  expect(await answers.stop('b', 'admin')).toBe(false);
  expect([noted, stopped]).toEqual([[], []]);
  expect(await answers.stop('a', 'admin')).toBe(true);
  expect(stopped).toHaveLength(1);
  expect(noted).toMatchObject([{ guild: 'discord:1', by: 'admin', action: 'answer.stop', to: null }]);
  expect(noted[0]?.from).toMatch(/^the answer to Mia x+…$/);
  expect(noted[0]?.from).toHaveLength('the answer to '.length + 100);
});
