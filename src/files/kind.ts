export type FileKind = 'image' | 'pdf' | 'zip' | 'other';

/** Signatures at the start of a file. The type that a platform names comes from the uploader and may be wrong. */
const SIGNATURES: readonly (readonly [FileKind, string])[] = [
  ['image', '89504e470d0a1a0a'],
  ['image', 'ffd8ff'],
  ['image', '474946383761'],
  ['image', '474946383961'],
  ['zip', '504b0304'],
];

/** The kind of a file, by its first bytes. */
export function kindOf(bytes: Uint8Array): FileKind {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1_024));
  const found = SIGNATURES.find(([, hex]) => start.subarray(0, hex.length / 2).toString('hex') === hex);
  if (found !== undefined) return found[0];
  if (start.toString('latin1', 0, 4) === 'RIFF' && start.toString('latin1', 8, 12) === 'WEBP') return 'image';
  // PDF readers accept a header anywhere in the first kilobyte.
  return start.includes('%PDF-') ? 'pdf' : 'other';
}
