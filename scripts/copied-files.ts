import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Of each vocabulary. More of them would bring the bound nearer to the truth: with 32,000 it is at most 1.8 times that,
 * with 64,000 1.4 times, in any script.
 */
const TOKENS = 64_000;

/**
 * Files in the sources that are copies of files in development packages, by their path; those that end in `.br` before
 * they are compressed. The packages are large, and one file of each is used: to install them with Parley would take 40 MB
 * more.
 */
export function copiedFiles(): ReadonlyMap<string, Buffer> {
  return new Map([
    [
      'src/adapters/web/page/timeline/highlighter.js',
      installed('@highlightjs/cdn-assets/es/highlight.min.js'),
    ],
    ['src/adapters/web/page/timeline/highlighter.LICENSE.txt', installed('@highlightjs/cdn-assets/LICENSE')],
    ['src/charts/inter-latin-400.woff2', installed('@fontsource/inter/files/inter-latin-400-normal.woff2')],
    ['src/charts/inter-latin-400.LICENSE.txt', installed('@fontsource/inter/LICENSE')],
    ['src/core/tokens/merges-100k.br', merges('cl100k_base')],
    ['src/core/tokens/merges-200k.br', merges('o200k_base')],
    ['src/core/tokens/merges.LICENSE.txt', installed('gpt-tokenizer/package.json', 'LICENSE')],
  ]);
}

/** The tokens by rank, each after a byte with its length. */
function merges(name: string): Buffer {
  const lines = installed(`gpt-tokenizer/data/${name}.tiktoken`)
    .toString('latin1')
    .split('\n')
    .slice(0, TOKENS);
  const tokens = lines.map((line) => Buffer.from(line.slice(0, line.indexOf(' ')), 'base64'));
  return Buffer.concat(tokens.flatMap((token) => [Buffer.from([token.length]), token]));
}

/** A file that a package exports, or another one beside it. */
function installed(specifier: string, beside = ''): Buffer {
  const url = import.meta.resolve(specifier);
  return readFileSync(fileURLToPath(beside === '' ? url : new URL(beside, url)));
}
