import { fliph, flipv, PhotonImage, resize, SamplingFilter } from '@silvia-odwyer/photon-node';
import { imageSize } from 'image-size';
import type { FileContent } from '../core/ports/files.ts';
import { Unreadable } from './text.ts';

/** Models scale larger pictures down themselves, and charge more tokens for them. `image-tokens.ts` relies on this bound. */
const MAX_SIDE = 1_568;
/** Claude accepts 5 MB as base64, others more. */
const MAX_BYTES = 3_500_000;
const JPEG_QUALITY = 85;
/** Measured: decoding takes 7 bytes for each pixel, and scaling a large picture down 13 more. */
const BYTES_PER_PIXEL = 20;

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
};

/**
 * A picture in a form that models accept: unchanged if it is small enough, else a smaller JPEG.
 * @throws Unreadable
 */
export function readImage(bytes: Uint8Array, maxMemoryBytes: number): FileContent {
  const { width, height, type = '', orientation = 1 } = imageSize(bytes);
  const mediaType = MEDIA_TYPES[type];
  if (mediaType === undefined || width === 0 || height === 0)
    throw new Unreadable('Its image format is not supported.');
  const side = Math.max(width, height);
  if (side <= MAX_SIDE && bytes.length <= MAX_BYTES) return image(mediaType, bytes);
  if (width * height * BYTES_PER_PIXEL > maxMemoryBytes) {
    const most = Math.floor(maxMemoryBytes / BYTES_PER_PIXEL / 1_000_000);
    throw new Unreadable(
      `It has ${width.toLocaleString('en-US')} × ${height.toLocaleString('en-US')} pixels; at most ${most} million can be read.`,
    );
  }
  const scale = Math.min(1, MAX_SIDE / side);
  const size = [width, height].map((length) => Math.max(1, Math.round(length * scale))) as [number, number];
  const decoded = PhotonImage.new_from_byteslice(bytes);
  const small = resize(decoded, ...size, SamplingFilter.Triangle);
  decoded.free();
  const upright = turned(small, orientation);
  return image('image/jpeg', upright.get_bytes_jpeg(JPEG_QUALITY));
}

function image(mediaType: string, bytes: Uint8Array): FileContent {
  return {
    kind: 'image',
    image: { type: 'image', mediaType, base64: Buffer.from(bytes).toString('base64') },
  };
}

/**
 * Rotates a picture as its EXIF data says, which the new encoding loses. The library's own rotation leaves black edges.
 *
 * @param orientation 1 (unchanged) to 8
 * @see https://www.cipa.jp/std/documents/e/DC-008-Translation-2019-E.pdf section 4.6.4, "Orientation"
 */
function turned(picture: PhotonImage, orientation: number): PhotonImage {
  const upright = orientation >= 5 && orientation <= 8 ? transposed(picture) : picture;
  if ([2, 3, 6, 7].includes(orientation)) fliph(upright);
  if ([3, 4, 7, 8].includes(orientation)) flipv(upright);
  return upright;
}

function transposed(picture: PhotonImage): PhotonImage {
  const [width, height] = [picture.get_width(), picture.get_height()];
  const from = new Uint32Array(picture.get_raw_pixels().buffer);
  const to = from.map((_, at) => from[(at % height) * width + Math.floor(at / height)] ?? 0);
  return new PhotonImage(new Uint8Array(to.buffer), height, width);
}
