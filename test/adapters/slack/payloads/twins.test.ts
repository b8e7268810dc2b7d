import { expect, it } from 'vitest';
import type { MessageEvent } from '../../../../src/adapters/slack/payloads/payloads.ts';
import { createTwins } from '../../../../src/adapters/slack/payloads/twins.ts';

const event = (ts: string) => ({ type: 'message', ts }) as MessageEvent;

it('keeps the message of a mention until it is dealt with', () => {
  const twins = createTwins();
  twins.note('one', event('1'));
  twins.note('two', event('2'));
  expect(twins.get('one')).toEqual(event('1'));
  twins.forget('one');
  expect(twins.get('one')).toBeUndefined();
  expect(twins.get('two')).toEqual(event('2'));
});

it('keeps a thousand, the newest, of those that nobody asks for', () => {
  const twins = createTwins();
  for (let each = 0; each < 1_001; each++) twins.note(`${each}`, event(`${each}`));
  expect(twins.get('0')).toBeUndefined();
  expect(twins.get('1')).toEqual(event('1'));
  expect(twins.get('1000')).toEqual(event('1000'));
});
