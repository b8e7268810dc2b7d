import { createHash } from 'node:crypto';

/** A picture from a model. */
export interface AnswerImage {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** Every platform accepts files of this size from everybody; Discord's limit is 10 MiB. */
const MAX_IMAGE_BYTES = 8 * 1024 * 1024;
const MAX_IMAGES = 4;
/** Discord accepts 25 MiB per request. */
const MAX_BYTES_TOGETHER = 20 * 1024 * 1024;

/** Types that all platforms show inline, by the file's first bytes, because labels are often wrong. */
const SIGNATURES: readonly (readonly [mediaType: string, hexadecimal: RegExp])[] = [
  ['image/png', /^89504e470d0a1a0a/],
  ['image/jpeg', /^ffd8ff/],
  ['image/gif', /^47494638(?:37|39)61/],
  ['image/webp', /^52494646.{8}57454250/],
];

const DATA_URL = /^data:[^,]{0,200};base64,/i;

/** Collects the images of one answer: each once, limited in size and number. */
export class ImageReader {
  readonly #seen: string[] = [];
  #bytesLeft = MAX_BYTES_TOGETHER;
  /** The number of skipped images: too large, too many, or of a type that platforms do not show. */
  skipped = 0;

  /** The image in a data URL; null if it is skipped or came before. */
  read(url: string): AnswerImage | null {
    const name = createHash('sha256').update(url).digest('base64');
    if (this.#seen.includes(name)) return null;
    // Bounded, because skipped images are remembered too.
    if (this.#seen.length < 100) this.#seen.push(name);
    const image = this.#seen.length > MAX_IMAGES ? null : imageOf(url);
    if (image === null || image.bytes.byteLength > this.#bytesLeft) {
      this.skipped++;
      return null;
    }
    this.#bytesLeft -= image.bytes.byteLength;
    return image;
  }
}

function imageOf(url: string): AnswerImage | null {
  const start = DATA_URL.exec(url)?.[0].length;
  if (start === undefined || (url.length - start) * 0.75 > MAX_IMAGE_BYTES) return null;
  const bytes = Buffer.from(url.slice(start), 'base64');
  const head = bytes.toString('hex', 0, 12);
  const mediaType = SIGNATURES.find(([, signature]) => signature.test(head))?.[0];
  return mediaType === undefined ? null : { mediaType, bytes };
}
