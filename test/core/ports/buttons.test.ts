import { describe, expect, it } from 'vitest';
import {
  BUTTON_KINDS,
  BUTTONS,
  buttonsAt,
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
    const flags = ['isCut', 'mayContinueInThread', 'announcesListening', 'hasReasoning', 'isEdited'] as const;
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

  it('have a label each', () => {
    const labels = BUTTON_KINDS.map((kind) => BUTTONS[kind].label);
    expect(new Set(labels).size).toBe(labels.length);
  });

  it('are Stop alone while it runs', () => {
    expect(kindsAt({ state: 'running' })).toEqual(['stop']);
  });
});
