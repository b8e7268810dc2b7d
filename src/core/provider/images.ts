import { createHash } from 'node:crypto';

/** A picture that a model made. */
export interface AnswerImage {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** Each platform takes files of that size from everybody: Discord's limit is 10 MiB. */
const MAX_IMAGE_BYTES = 8 * 1024 * 1024;
const MAX_IMAGES = 4;
/** Discord takes 25 MiB in one request. */
const MAX_BYTES_TOGETHER = 20 * 1024 * 1024;

/** What all platforms show in place, by the bytes that the file begins with; labels are often wrong. */
const SIGNATURES: readonly (readonly [mediaType: string, hexadecimal: RegExp])[] = [
  ['image/png', /^89504e470d0a1a0a/],
  ['image/jpeg', /^ffd8ff/],
  ['image/gif', /^47494638(?:37|39)61/],
  ['image/webp', /^52494646.{8}57454250/],
];

const DATA_URL = /^data:[^,]{0,200};base64,/i;

/** Takes the images of one answer: each once, bounded in size and number. */
export interface ImageReader {
  /** The image in a data URL; null for one that is left out or came before. */
  read(url: string): AnswerImage | null;
  /** Images that are left out: too large, too many, or of a kind that no platform shows. */
  readonly skipped: number;
}

export function createImageReader(): ImageReader {
  const seen = new Set<string>();
  let skipped = 0;
  let bytesLeft = MAX_BYTES_TOGETHER;
  return {
    get skipped() {
      return skipped;
    },
    read(url) {
      const name = createHash('sha256').update(url).digest('base64');
      if (seen.has(name)) return null;
      // Its own bound: what is skipped is remembered too.
      if (seen.size < 100) seen.add(name);
      const image = seen.size > MAX_IMAGES ? null : imageOf(url);
      if (image === null || image.bytes.byteLength > bytesLeft) {
        skipped++;
        return null;
      }
      bytesLeft -= image.bytes.byteLength;
      return image;
    },
  };
}

function imageOf(url: string): AnswerImage | null {
  const start = DATA_URL.exec(url)?.[0].length;
  if (start === undefined || (url.length - start) * 0.75 > MAX_IMAGE_BYTES) return null;
  const bytes = Buffer.from(url.slice(start), 'base64');
  const head = bytes.toString('hex', 0, 12);
  const mediaType = SIGNATURES.find(([, signature]) => signature.test(head))?.[0];
  return mediaType === undefined ? null : { mediaType, bytes };
}
