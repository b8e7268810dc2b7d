import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type WindowTurn, windowOf } from '../../../src/core/chat/window.ts';

const turn = (n: number, tokens: number): WindowTurn => ({
  question: `question ${n}`,
  answer: `answer ${n}`,
  tokens,
});
const system = { text: 'system', tokens: 10 };
const question = { text: 'now', tokens: 10 };

describe('the window', () => {
  it('holds the system prompt, the turns in order, and the question', () => {
    const window = windowOf({ system, turns: [turn(1, 5), turn(2, 5)], question, budgetTokens: 1_000 });
    expect(window?.messages).toEqual([
      { role: 'system', content: 'system' },
      { role: 'user', content: 'question 1' },
      { role: 'assistant', content: 'answer 1' },
      { role: 'user', content: 'question 2' },
      { role: 'assistant', content: 'answer 2' },
      { role: 'user', content: 'now' },
    ]);
    expect(window?.dropped).toBe(0);
  });

  it('is none where system prompt and question alone do not fit', () => {
    expect(windowOf({ system, turns: [], question, budgetTokens: 27 })).toBeNull();
    expect(windowOf({ system, turns: [], question, budgetTokens: 28 })?.tokens).toBe(28);
    expect(windowOf({ system, turns: [], question, budgetTokens: -5 })).toBeNull();
  });

  it('never passes the budget, and leaves out no turn that is newer than one it has', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(60), { maxLength: 12 }),
        fc.integer({ min: 28, max: 400 }),
        (sizes, budgetTokens) => {
          const turns = sizes.map((tokens, n) => turn(n, tokens));
          const window = windowOf({ system, turns, question, budgetTokens });
          const kept = window?.messages
            .filter(({ role }) => role === 'assistant')
            .map(({ content }) => content);
          expect(kept).toEqual(turns.slice(window?.dropped).map(({ answer }) => answer));
          expect(window?.tokens).toBeLessThanOrEqual(budgetTokens);
          const next = turns[(window?.dropped ?? 0) - 1];
          if (next) expect((window?.tokens ?? 0) + next.tokens + 8).toBeGreaterThan(budgetTokens);
        },
      ),
    );
  });
});
