import { expect, it } from 'vitest';
import { MAX_NOTE_CHARS, withoutFiles } from '../../../src/core/ports/surface.ts';

const image = { name: 'image.png', mediaType: 'image/png', description: 'A cat', bytes: new Uint8Array(1) };
const MISSING = 'The image of this answer could not be uploaded here.';

it.each([
  ['no note', null, MISSING],
  ['a note', 'Cut.', `Cut. ${MISSING}`],
  [
    'a note as long as may be',
    'n'.repeat(MAX_NOTE_CHARS),
    `${'n'.repeat(MAX_NOTE_CHARS - 1 - MISSING.length)} ${MISSING}`,
  ],
])('a view whose image cannot be uploaded says so behind its note: %s', (_, note, told) => {
  const { note: said, ...rest } = withoutFiles({ note, files: [image], text: 'Yes.' });
  expect(said).toBe(told);
  expect(said?.length).toBeLessThanOrEqual(MAX_NOTE_CHARS);
  expect(rest).toEqual({ text: 'Yes.' });
});

it('a view whose two images cannot be uploaded says how many; one without images stays as it is', () => {
  expect(withoutFiles({ note: null, files: [image, image] }).note).toBe(
    'The 2 images of this answer could not be uploaded here.',
  );
  expect(withoutFiles({ note: 'Cut.', files: [] })).toEqual({ note: 'Cut.' });
});
