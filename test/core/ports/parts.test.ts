import { describe, expect, it } from 'vitest';
import { FileUnavailable, tooLarge } from '../../../src/core/ports/files.ts';
import {
  broughtIn,
  broughtSchema,
  type ForwardedPart,
  filePart,
  filesIn,
  isBy,
  isFromThread,
  type Part,
  type QuotedPart,
  textsIn,
  wordsIn,
} from '../../../src/core/ports/parts.ts';

const file = (name: string, mediaType: string) =>
  filePart({ name, mediaType, sizeBytes: null, reference: name });
const picture = file('a.png', 'IMAGE/PNG; x=1');
const report = { ...file('b.pdf', 'application/pdf'), text: 'Profits rise.', unread: 'Page 3 is a scan.' };
const quoted: QuotedPart = {
  type: 'quoted',
  why: 'reply',
  author: { user: '7', name: 'Mia' },
  text: 'Look at this.',
  files: [report],
};
const said: QuotedPart = { ...quoted, why: 'thread', author: null, files: [] };
const forwarded: ForwardedPart = {
  type: 'forwarded',
  author: { user: null, name: 'Ada' },
  text: 'News',
  files: [picture],
};
const parts: Part[] = [
  { type: 'text', text: ' What' },
  quoted,
  { type: 'text', text: 'is it? ' },
  said,
  forwarded,
  picture,
];

describe('the parts of a message', () => {
  it.each([
    ['image/png', 'image'],
    ['image/jpeg', 'image'],
    ['image/webp', 'image'],
    ['image/gif', 'image'],
    ['image/svg+xml', 'file'],
    ['text/plain', 'file'],
    ['', 'file'],
  ])('of media type %j are a picture or a file', (mediaType, type) => {
    expect(file('a', mediaType)).toEqual({ type, name: 'a', mediaType, sizeBytes: null, reference: 'a' });
  });

  it('are told apart: words, what came with them, files, texts', () => {
    expect(picture).toMatchObject({ type: 'image', mediaType: 'image/png' });
    expect(wordsIn(parts)).toBe('What\nis it?');
    expect(broughtIn(parts)).toEqual([quoted, said, forwarded, picture]);
    expect(filesIn(parts)).toEqual([report, picture, picture]);
    expect(textsIn(parts)).toEqual([
      ' What',
      'Look at this.',
      'Profits rise.',
      'is it? ',
      'Look at this.',
      'News',
    ]);
    expect([quoted, said, forwarded, picture].map(isFromThread)).toEqual([false, true, false, false]);
    expect([quoted, said, forwarded, picture].map((part) => isBy(part, '7'))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it('are stored with all their fields, and read back', () => {
    for (const part of broughtIn(parts))
      expect(broughtSchema.parse(JSON.parse(JSON.stringify(part)))).toEqual(part);
    expect(broughtSchema.safeParse({ ...quoted, why: 'chance' }).success).toBe(false);
    expect(broughtSchema.safeParse({ ...picture, type: 'text' }).success).toBe(false);
  });
});

it('a file that cannot be fetched says why', () => {
  expect(new FileUnavailable(tooLarge(10_400_000))).toMatchObject({
    name: 'FileUnavailable',
    code: 'file_unavailable',
    message: 'It is larger than 10 MB.',
  });
});
