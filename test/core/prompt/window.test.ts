import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CountTokens,
  type WindowParts,
  type WindowTurn,
  windowOf,
} from '../../../src/core/prompt/window.ts';

const { signal } = new AbortController();

/** Four bytes to a token, as English has; remembers what was counted. */
function counter() {
  const counted: string[] = [];
  const count: CountTokens = async (text, given) => {
    given?.throwIfAborted();
    counted.push(text);
    return tokensOf(text);
  };
  return { count, counted };
}

const tokensOf = (text: string) => Math.ceil(Buffer.byteLength(text) / 4);
const windowFor = (parts: WindowParts) => windowOf(parts, counter().count, signal);

/** Question and answer are 10 tokens, with what makes them messages 18. */
const turn = (name: string): WindowTurn => ({
  question: `question ${name}`.padEnd(19),
  answer: `answer ${name}`.padEnd(20),
});
const answersIn = (window: Awaited<ReturnType<typeof windowOf>>) =>
  window.fits ? window.messages.filter(({ role }) => role === 'assistant').map(({ content }) => content) : [];

/** Ten tokens each. */
const system = 'system'.padEnd(40);
const question = 'now'.padEnd(40);

describe('the window', () => {
  it('holds the system prompt, the turns in order, and the question', async () => {
    const turns = [
      { question: 'first', answer: 'one' },
      { question: 'second', answer: 'two' },
    ];
    expect(await windowFor({ system, turns, question, budgetTokens: 1_000 })).toMatchObject({
      fits: true,
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: 'first' },
        { role: 'assistant', content: 'one' },
        { role: 'user', content: 'second' },
        { role: 'assistant', content: 'two' },
        { role: 'user', content: question },
      ],
    });
  });

  it.each([
    ['to the token', 28, true],
    ['by one token', 27, false],
    ['where nothing is left for it', -5, false],
  ])('system prompt and question alone: %s', async (_, budgetTokens, fits) => {
    expect(await windowFor({ system, turns: [], question, budgetTokens })).toMatchObject({
      fits,
      questionTokens: 10,
    });
  });

  it('has room for the pictures of the question and of each turn', async () => {
    const images = [{ type: 'image', mediaType: 'image/png', base64: '' }] as const;
    const turns = [{ ...turn('a'), images }, turn('b')];
    const within = (budgetTokens: number) =>
      windowFor({ system, turns, question, images, tokensPerImage: 100, budgetTokens });
    // 28 for system prompt and question, 18 for each turn, and the pictures.
    expect(await within(28 + 2 * 18 + 200)).toMatchObject({ fits: true, leftOut: 0 });
    expect(await within(28 + 2 * 18 + 199)).toMatchObject({ fits: true, leftOut: 1 });
    expect(await within(28 + 99)).toEqual({ fits: false, questionTokens: 10 + 100 });
  });

  it('counts nothing if the bytes fit', async () => {
    const { count, counted } = counter();
    // 40 bytes each, and 8 tokens for each pair of messages.
    const parts = { system, turns: [turn('a'), turn('b')], question };
    const short = await windowOf({ ...parts, budgetTokens: 80 + 2 * 40 + 3 * 8 }, count, signal);
    expect(short).toMatchObject({ fits: true, questionTokens: null });
    expect(counted).toEqual([]);
    const longer = await windowOf({ ...parts, budgetTokens: 80 + 2 * 40 + 3 * 8 - 1 }, count, signal);
    expect(longer).toMatchObject({ fits: true, questionTokens: 10 });
    expect(counted).toHaveLength(4);
    expect(answersIn(longer)).toEqual(answersIn(short));
  });

  it('counts no turn that was counted before, and none that is older than what fits', async () => {
    const { count, counted } = counter();
    const turns = [turn('a'), turn('b'), { ...turn('c'), tokens: 10 }];
    const window = await windowOf({ system, turns, question, budgetTokens: 28 + 18 + 17 }, count, signal);
    expect(answersIn(window)).toEqual(['answer c'.padEnd(20)]);
    expect(counted.filter((text) => text.includes('answer'))).toEqual([expect.stringContaining('answer b')]);
  });

  it('ends with the reason of the signal', async () => {
    const stopped = AbortSignal.abort(new Error('stopped'));
    const windowing = windowOf({ system, turns: [], question, budgetTokens: 28 }, counter().count, stopped);
    await expect(windowing).rejects.toThrow('stopped');
  });

  it('says how many turns do not fit, and how many of the newest to keep beside a summary of the others', async () => {
    const turns = Array.from({ length: 20 }, (_, n) => turn(`${n}`));
    const of = async (parts: Partial<WindowParts>) => {
      const window = await windowFor({ system, turns, question, budgetTokens: 200, ...parts });
      return window.fits ? [window.leftOut, window.inHalf] : null;
    };
    // 28 tokens stand without turns, and a turn has 18: 9 fit into 172, and 5 into half of 200.
    expect(await of({})).toEqual([11, 5]);
    // 8 into 152, and 5 take just half of 180.
    expect(await of({ budgetTokens: 180 })).toEqual([12, 5]);
    // Beside a long question fewer fit, and a summary has to.
    expect(await of({ question: 'now'.padEnd(400) })).toEqual([16, 3]);
    expect(await of({ summary: 'before'.padEnd(80) })).toEqual([12, 5]);
    expect(await of({ turns: turns.slice(0, 3) })).toEqual([0, 3]);
  });

  it('stands behind the summary of what was said before it, and without it where that has no room', async () => {
    const messages = async (budgetTokens: number) => {
      const window = await windowFor({
        system,
        turns: [turn('0')],
        summary: 'before'.padEnd(80),
        question,
        budgetTokens,
      });
      return window.fits ? window.messages.map(({ content }) => content).slice(1) : null;
    };
    expect(await messages(1_000)).toEqual([
      `${'before'.padEnd(80)}\n\n${turn('0').question}`,
      turn('0').answer,
      question,
    ]);
    expect(await messages(50)).toEqual([`${'before'.padEnd(80)}\n\n${question}`]);
    expect(await messages(30)).toEqual([question]);
  });

  it('never passes the budget, and leaves out no turn that is newer than one it has', async () => {
    const sizes = fc.array(fc.record({ chars: fc.nat(240), isCounted: fc.boolean() }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 28, max: 1_500 }), async (drawn, budgetTokens) => {
        const turns = drawn.map(({ chars, isCounted }, n) => {
          const made = { question: `question ${n}`, answer: `answer ${n} ${'x'.repeat(chars)}` };
          return isCounted ? { ...made, tokens: tokensOf(`${made.question}\n${made.answer}`) } : made;
        });
        const kept = answersIn(await windowFor({ system, turns, question, budgetTokens }));
        const from = turns.length - kept.length;
        expect(kept).toEqual(turns.slice(from).map(({ answer }) => answer));
        const cost = (of: readonly WindowTurn[]) =>
          of.reduce((sum, turn) => sum + tokensOf(`${turn.question}\n${turn.answer}`) + 8, 28);
        expect(cost(turns.slice(from))).toBeLessThanOrEqual(budgetTokens);
        if (from > 0) expect(cost(turns.slice(from - 1))).toBeGreaterThan(budgetTokens);
      }),
    );
  });
});
