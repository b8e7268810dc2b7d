import { describe, expect, it } from 'vitest';
import { commands } from '../../../src/commands/index.ts';
import {
  BUTTON_KINDS,
  BUTTONS,
  buttonRow,
  buttonsAt,
  isButtonKind,
  isPress,
  MAX_BUTTONS,
  type Moment,
} from '../../../src/core/ports/buttons.ts';

const kindsAt = (moment: Moment) => buttonsAt('a', moment).map(({ kind }) => kind);

/** Everything that can be true of an answer that has ended. */
const ALL = {
  state: 'ended',
  isComplete: true,
  isCut: true,
  mayContinueInThread: true,
  announcesListening: true,
} as const satisfies Moment;

describe('the buttons under an answer', () => {
  it('are never more than five, whatever is true of it', () => {
    const flags = [
      'isCut',
      'mayContinueInThread',
      'announcesListening',
      'hasReasoning',
      'isEdited',
      'isInLongThread',
    ] as const;
    for (const state of ['running', 'ended', 'priced', 'missed'] as const) {
      for (let bits = 0; bits < 2 ** flags.length; bits++) {
        const given = Object.fromEntries(flags.map((flag, index) => [flag, (bits & (2 ** index)) !== 0]));
        const shown = kindsAt({ state, isComplete: true, ...given });
        expect(shown.length).toBeGreaterThan(0);
        expect(shown.length).toBeLessThanOrEqual(MAX_BUTTONS);
      }
    }
    expect(kindsAt(ALL)).toContain('retry');
  });

  it('lose first what can be had elsewhere, then feedback', () => {
    const inThread = { state: 'ended', isComplete: true, isInLongThread: true } as const;
    expect(kindsAt({ ...inThread, announcesListening: true })).toEqual([
      'retry',
      'good',
      'bad',
      'unlisten',
      'summary',
    ]);
    expect(kindsAt({ ...inThread, announcesListening: true, hasReasoning: true })).toEqual([
      'retry',
      'thinking',
      'good',
      'bad',
      'unlisten',
    ]);
  });

  it('run commands that there are, or are pressed', () => {
    for (const kind of BUTTON_KINDS) {
      const { command } = buttonRow(kind);
      expect(isPress({ kind, answerId: 'a' })).toBe(command === undefined);
      if (command !== undefined) expect(commands.map(({ name }) => name)).toContain(command);
    }
  });

  it('have a label each', () => {
    const labels = BUTTON_KINDS.map((kind) => BUTTONS[kind].label);
    expect(new Set(labels).size).toBe(labels.length);
  });

  it('say this, to these people, at these moments', () => {
    const moments: Moment[] = [
      { state: 'running' },
      { state: 'priced' },
      { state: 'missed' },
      { state: 'ended' },
      { state: 'ended', isComplete: true },
      { state: 'ended', isEdited: true },
      { state: 'ended', isCut: true },
      { state: 'ended', hasReasoning: true },
      { state: 'ended', isComplete: true, mayContinueInThread: true },
      { state: 'ended', announcesListening: true },
      { state: 'ended', isInLongThread: true },
      {
        state: 'running',
        isComplete: true,
        isEdited: true,
        isCut: true,
        hasReasoning: true,
        isInLongThread: true,
      },
    ];
    expect(moments.map((moment) => kindsAt(moment).join(' '))).toEqual([
      'stop',
      'confirm',
      'answer',
      'retry',
      'retry good bad',
      'retry edited',
      'retry more',
      'retry thinking',
      'retry continue good bad',
      'retry unlisten',
      'retry summary',
      'stop',
    ]);
    const rows = BUTTON_KINDS.map((kind) => {
      const { label, title, who, style, deed } = buttonRow(kind);
      return `${label}${title ? ` (${title})` : ''}: ${who} can ${deed}${style ? `, ${style}` : ''}`;
    });
    expect(rows).toEqual([
      'Stop: asker can stop',
      'Ask at this price: asker can ask for, primary',
      'Answer now: asker can ask for, primary',
      'Retry…: asker can retry',
      'Answer the edited question: asker can ask again for, primary',
      'Go on: asker can go on with, primary',
      'Show thinking: reader can look behind',
      'In a thread: asker can continue',
      '👍 (Good answer): reader can rate',
      '👎 (Bad answer): reader can rate',
      'Stop listening: reader can stop',
      'Summarise thread: reader can summarise',
    ]);
    expect(
      Object.fromEntries(BUTTON_KINDS.flatMap((kind) => Object.entries(buttonRow(kind).form ?? {}))),
    ).toEqual({
      model: { type: 'model', description: 'The model that tries again. For all others: /model' },
      reason: { type: 'text', description: 'What was wrong? (optional)', maxChars: 1_000 },
    });
    expect(['stop', 'toString', ''].map(isButtonKind)).toEqual([true, false, false]);
  });

  it('are Stop alone while it runs', () => {
    expect(kindsAt({ state: 'running' })).toEqual(['stop']);
  });
});
