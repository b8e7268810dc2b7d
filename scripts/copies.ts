import { writeFileSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';
import { copiedFiles } from './copied-files.ts';

/** `npm run copies`, after a change of the packages that the copies are from. */
for (const [path, content] of copiedFiles()) {
  writeFileSync(path, path.endsWith('.br') ? brotliCompressSync(content) : content);
}
