import type { FileContent } from '../core/ports/files.ts';
import type { WorkerTask } from './read-content.ts';
import { readPlain, Unreadable } from './text.ts';

type FileKind = 'image' | 'pdf' | 'zip' | 'other';

/** Signatures at the start of a file. The type that a platform names comes from the uploader and may be wrong. */
const SIGNATURES: readonly (readonly [FileKind, string])[] = [
  ['image', '89504e470d0a1a0a'],
  ['image', 'ffd8ff'],
  ['image', '474946383761'],
  ['image', '474946383961'],
  ['zip', '504b0304'],
];

/** Reads a file here and now. Only for files that nobody else made, or on a thread of its own: see `createReadContent`. */
export async function readFile(file: WorkerTask): Promise<FileContent> {
  try {
    return await read(file);
  } catch (error) {
    const why =
      error instanceof Unreadable ? error.message : 'It is damaged, or its type does not match its name.';
    return { kind: 'unreadable', why };
  }
}

/** Loads each reader only when a file needs it. */
async function read({ bytes, name, maxChars, maxPages, maxMemoryBytes }: WorkerTask): Promise<FileContent> {
  switch (kindOf(bytes)) {
    case 'image':
      return (await import('./image.ts')).readImage(bytes, maxMemoryBytes);
    case 'pdf':
      return (await import('./pdf.ts')).readPdf(bytes, { maxChars, maxPages });
    case 'zip':
      return (await import('./office.ts')).readOffice(bytes, { maxChars, maxPages, maxMemoryBytes });
    case 'other':
      return readPlain(bytes, name, maxChars);
  }
}

/** The kind of a file, by its first bytes. */
function kindOf(bytes: Uint8Array): FileKind {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1_024));
  const found = SIGNATURES.find(([, hex]) => start.subarray(0, hex.length / 2).toString('hex') === hex);
  if (found !== undefined) return found[0];
  if (start.toString('latin1', 0, 4) === 'RIFF' && start.toString('latin1', 8, 12) === 'WEBP') return 'image';
  // PDF readers accept a header anywhere in the first kilobyte.
  return start.includes('%PDF-') ? 'pdf' : 'other';
}
