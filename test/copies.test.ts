import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { copiedFiles } from '../scripts/copied-files.ts';

const plain = (path: string, content: Buffer) =>
  path.endsWith('.br') ? brotliDecompressSync(content) : content;

it.each([...copiedFiles()])(
  '%s is what the package has that it is copied from (`npm run copies`)',
  (path, content) => {
    expect(plain(path, readFileSync(path)).equals(plain(path, content))).toBe(true);
  },
);
