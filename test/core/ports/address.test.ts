import { describe, expect, it } from 'vitest';
import { type Address, addresseeOf } from '../../../src/core/ports/address.ts';

const NOBODY: Address = { isDirect: false, mentionsBot: false, opensWithOther: false, repliesTo: null };

describe('a message is', () => {
  it.each<[string, Partial<Address>]>([
    [
      'in direct messages, whatever it begins with',
      { isDirect: true, opensWithOther: true, repliesTo: 'other' },
    ],
    ['where it mentions the bot', { mentionsBot: true }],
    ['… also behind somebody else’s mention', { mentionsBot: true, opensWithOther: true }],
    ['… also in a reply to somebody else', { mentionsBot: true, repliesTo: 'other' }],
    ['where it replies to the bot', { repliesTo: 'bot' }],
  ])('for the bot %s', (_, facts) => expect(addresseeOf({ ...NOBODY, ...facts })).toBe('bot'));

  it.each<[string, Partial<Address>]>([
    ['where it begins with somebody else’s mention', { opensWithOther: true }],
    ['… also where it replies to the bot', { opensWithOther: true, repliesTo: 'bot' }],
    ['where it replies to somebody else', { repliesTo: 'other' }],
  ])('for others %s', (_, facts) => expect(addresseeOf({ ...NOBODY, ...facts })).toBe('others'));

  it('for whom its place says where it speaks to nobody', () => expect(addresseeOf(NOBODY)).toBe('place'));
});
