import { describe, expect, it } from 'vitest';
import {
  answerBody,
  noticeBodies,
  parseButton,
  tailLength,
  textOf,
} from '../../../../src/adapters/discord/answers/content.ts';
import type { MessageView } from '../../../../src/core/ports/surface.ts';

function view(rest: Partial<MessageView>): MessageView {
  return { text: '', source: '', status: 'complete', note: null, footer: null, buttons: [], ...rest };
}

describe('the body of an answer', () => {
  it.each([
    ['text alone', { text: 'Hi' }, 'Hi'],
    ['a footer', { text: 'Hi', footer: 'Model · 1 s' }, 'Hi\n\n-# Model · 1 s'],
    ['a stop', { text: 'Hi', status: 'stopped', note: 'Stopped by Ada.' }, 'Hi\n\n⏹️ Stopped by Ada.'],
    [
      'a failure with its footer',
      { text: 'Hi', status: 'failed', note: 'It broke.', footer: 'Model' },
      'Hi\n\n⚠️ It broke.\n-# Model',
    ],
    ['a failure before any text', { status: 'failed', note: 'It broke.' }, '⚠️ It broke.'],
    ['a remark', { text: 'Hi', note: 'Another model answered.' }, 'Hi\n\nℹ️ Another model answered.'],
  ] as const)('shows %s', (_, parts, content) => {
    const body = answerBody(view(parts));
    expect(body.content).toBe(content);
    expect(textOf(body.content)).toBe('text' in parts ? parts.text : '');
  });

  it('pings nobody and previews no links', () => {
    expect(answerBody(view({ text: 'Hi' }))).toMatchObject({ allowed_mentions: { parse: [] }, flags: 4 });
  });

  it('fits Discord’s limit whatever stands below the text', () => {
    const tail = { status: 'failed', note: 'n'.repeat(300), footer: 'f'.repeat(200) } as const;
    const text = 'x'.repeat(2_000 - tailLength(tail));
    expect(answerBody(view({ text, ...tail })).content).toHaveLength(2_000);
    expect(tailLength({ status: 'complete', note: null, footer: null })).toBe(0);
  });

  it('takes buttons off by an empty list', () => {
    expect(answerBody(view({ text: 'Hi' })).components).toEqual([]);
  });
});

describe('the id of a button', () => {
  it('comes back as kind and answer', () => {
    const buttons = [{ kind: 'retry', answerId: 'aZ_-09' }] as const;
    const [row] = answerBody(view({ text: 'Hi', buttons })).components as {
      components: { custom_id: string }[];
    }[];
    expect(row?.components.map(({ custom_id }) => parseButton(custom_id))).toEqual(buttons);
  });

  it.each(['', 'stop', 'stop:', ':a', 'delete:a', 'constructor:a', 'stop:a:b', `stop:${'x'.repeat(41)}`])(
    'is nobody’s where it is %j',
    (id) => {
      expect(parseButton(id)).toBeNull();
    },
  );
});

describe('a notice', () => {
  it('takes as many messages as it needs, each within the limit', () => {
    const words = Array.from({ length: 900 }, (_, index) => `w${index}`);
    const bodies = noticeBodies(words.join(' '));
    expect(bodies.length).toBeGreaterThan(1);
    expect(Math.max(...bodies.map(({ content }) => content.length))).toBeLessThanOrEqual(2_000);
    expect(bodies.flatMap(({ content }) => content.match(/w\d+/g) ?? [])).toEqual(words);
  });

  it('of files alone is one message', () => {
    expect(noticeBodies('')).toHaveLength(1);
  });
});
