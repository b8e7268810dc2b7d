import { describe, expect, it } from 'vitest';
import { CurrentMessage } from '../../../src/core/delivery/current-message.ts';
import {
  isLast,
  type LastState,
  lastView,
  refusedView,
  SEALED,
} from '../../../src/core/delivery/last-view.ts';
import type { LiveMessage, MessageView, Surface } from '../../../src/core/ports/surface.ts';

const END: LastState = {
  status: 'complete',
  note: 'A note.',
  footer: 'A model, 3 s',
  buttons: [{ kind: 'retry', answerId: 'a1' }],
};
const surfaceOf = (maxChars: number, more: Partial<Surface> = {}) =>
  ({ limits: { maxChars }, tailLength: () => 10, ...more }) as Surface;
const roomy = surfaceOf(1_000);
const growing = (text: string): MessageView => ({ ...lastView(text, END, ''), status: 'streaming' });
const live = {} as LiveMessage;

describe('the last view of a message', () => {
  it('has the text with the facts of its end, and files if there are some', () => {
    const view = { text: 'Text', source: 'Text', ...END };
    expect(lastView('Text', END, '')).toEqual(view);
    const files = [{ name: 'a.png', bytes: new Uint8Array(1) }] as never;
    expect(lastView('Text', { ...END, files }, '')).toEqual({ ...view, files });
    expect([isLast(view), isLast(growing('Text')), isLast(null)]).toEqual([true, false, false]);
  });

  it('takes back nothing of what an earlier process showed, unless more follows it', () => {
    const text = (now: string, before: string, state = END) => lastView(now, state, before).text;
    expect(text('One.', 'One. Two.')).toBe('One. Two.');
    expect(text('One. Two.', 'One. **Two**')).toBe('One. Two.');
    expect(text('One. Two. Three.', 'One.')).toBe('One. Two. Three.');
    expect(text('One.', 'One. Two.', SEALED)).toBe('One.');
  });

  it('says so if the platform refused one, where there is room to', () => {
    const view = refusedView({ text: 'x'.repeat(100), source: 's' }, END, roomy);
    expect(view).toEqual({
      text: 'x'.repeat(100),
      source: 's',
      status: 'complete',
      note: 'The platform refused to show part of the answer here.',
      footer: 'A model, 3 s',
      buttons: END.buttons,
    });
    const note = (text: string, surface: Surface) => refusedView({ text, source: text }, END, surface).note;
    expect(note('x'.repeat(90), surfaceOf(100))).not.toBeNull();
    expect(note('x'.repeat(91), surfaceOf(100))).toBeNull();
    expect(note('', surfaceOf(5))).not.toBeNull();
    expect(note('x'.repeat(91), surfaceOf(50, { tailLength: () => 0 }))).not.toBeNull();
    const twice = surfaceOf(100, { limits: { maxChars: 100, lengthOf: (text) => 2 * text.length } });
    expect([note('x'.repeat(45), twice) === null, note('x'.repeat(46), twice) === null]).toEqual([
      false,
      true,
    ]);
  });
});

describe('the message that an answer grows in', () => {
  it('is opened, adopted, or left by another process', () => {
    const fresh = new CurrentMessage();
    expect([fresh.live, fresh.isUntouched, fresh.isNoted]).toEqual([null, false, false]);
    const adopted = new CurrentMessage(undefined, live);
    expect([adopted.live, adopted.isUntouched, adopted.isNoted]).toEqual([live, true, false]);
    const left = new CurrentMessage({ message: { live, text: 'One. Two.' }, isWhole: false });
    expect([left.live, left.isUntouched, left.isNoted]).toEqual([live, false, true]);
    expect(left.lastState('One.', END, roomy).text).toBe('One. Two.');
    const whole = new CurrentMessage({ message: { live, text: 'One. Two.' }, isWhole: true });
    expect(whole.lastState('One.', END, roomy).text).toBe('One.');
  });

  it('needs a button until the journal knows it, unless the platform keeps marks', () => {
    const message = new CurrentMessage();
    expect(message.needsButton(roomy)).toBe(true);
    expect(message.needsButton(surfaceOf(10, { keepsMarks: true }))).toBe(false);
    message.settle(growing('One'), 'refused');
    expect(message.needsButton(roomy)).toBe(false);
    message.live = live;
    expect(message.needsButton(roomy)).toBe(true);
    message.isNoted = true;
    expect(message.needsButton(roomy)).toBe(false);
  });

  it('stays as it is once its last view is shown, or refused twice', () => {
    const message = new CurrentMessage();
    const [first, last] = [growing('One'), lastView('One. Two.', END, '')];
    expect(message.isSettled(first)).toBe(false);
    expect(message.settle(first, 'done')).toBe(false);
    expect(
      [first, last, growing('Two'), { ...first, note: null }].map((view) => message.isSettled(view)),
    ).toEqual([true, false, false, false]);
    expect(message.settle(null, 'done')).toBe(false);
    message.settle(first, 'done');
    expect(message.settle(last, 'refused')).toBe(false);
    expect(message.isSettled(last)).toBe(true);
    const refused = message.lastState('One. Two.', END, roomy);
    expect([refused.text, refused.note]).toEqual([
      'One',
      'The platform refused to show part of the answer here.',
    ]);
    expect(message.settle(refused, 'refused')).toBe(true);
    expect(new CurrentMessage().settle(last, 'done')).toBe(true);
    expect(new CurrentMessage().settle(first, 'refused')).toBe(false);
  });
});
