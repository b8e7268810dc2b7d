import { monitorEventLoopDelay } from 'node:perf_hooks';
import { PhotonImage } from '@silvia-odwyer/photon-node';
import { pino } from 'pino';
import { fileLimitsOf, readConfig } from '../src/app/config/config.ts';
import { createReadContent } from '../src/files/read-content.ts';
import { pdfOf } from '../test/files/samples.ts';
import type { Row } from './support/row.ts';

const PAGES = 100;
const PHOTOS = 4;

/** Reads a PDF of 100 full pages and four photos of 8 megapixels, as a question would bring them. */
export async function measureFiles(): Promise<Row[]> {
  const page = Array.from({ length: 45 }, (_, line) => `Line ${line} of a page with some words in it.`);
  const pdf = pdfOf(Array.from({ length: PAGES }, () => page.join('\n')));
  const photo = photoOf(3_264, 2_448);
  const limits = { ...fileLimitsOf(readConfig({})), maxPages: PAGES, timeoutMs: 120_000 };
  const read = createReadContent({ limits, log: pino({ level: 'silent' }) });
  const { signal } = new AbortController();
  const given = [
    { name: 'report.pdf', bytes: pdf },
    ...Array.from({ length: PHOTOS }, (_, index) => ({
      name: `photo-${index}.jpg`,
      bytes: new Uint8Array(photo),
    })),
  ];

  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 10);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const startedAt = performance.now();
  const contents = await Promise.all(given.map((file) => read({ ...file, maxChars: 1_000_000 }, signal)));
  const seconds = (performance.now() - startedAt) / 1_000;
  delay.disable();
  clearInterval(watch);
  const failed = contents.find(({ kind }) => kind === 'unreadable');
  if (failed !== undefined) throw new Error(JSON.stringify(failed));
  return [
    { name: `${PAGES}-page PDF and ${PHOTOS} photos of 8 MP: time`, value: seconds, unit: 's', wanted: 20 },
    { name: '… memory at its peak', value: (most - before) / 1e6, unit: 'MB', wanted: 512 },
    {
      name: '… delay of the event loop meanwhile, p99',
      value: delay.percentile(99) / 1e6,
      unit: 'ms',
      wanted: 50,
    },
  ];
}

/** Noise on a gradient: as hard to pack as a photo. */
function photoOf(width: number, height: number): Uint8Array {
  const pixels = new Uint8Array(width * height * 4);
  for (let at = 0; at < pixels.length; at++) {
    pixels[at] = at % 4 === 3 ? 255 : (((at / 4) % width) / 16 + ((at * 2_654_435_761) >>> 27)) & 255;
  }
  return new PhotonImage(pixels, width, height).get_bytes_jpeg(90);
}
