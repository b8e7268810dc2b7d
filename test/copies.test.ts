import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { copiedFiles } from '../scripts/copied-files.ts';

it.each([...copiedFiles()])(
  '%s is what the package has that it is copied from (`npm run copies`)',
  (path, content) => {
    const copy = readFileSync(path);
    expect((path.endsWith('.br') ? brotliDecompressSync(copy) : copy).equals(content)).toBe(true);
  },
);
