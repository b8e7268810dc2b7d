import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import type { Reader } from '../adapters/web/playground.ts';
import { openPage } from '../support/playground-page.ts';
import { type Program, startProgram } from '../support/program.ts';
import { createFakeProvider, type FakeProvider } from '../support/provider/fake-provider.ts';

/** A lease runs out 10 s after the death; the rest is for a busy machine. */
export const TIMEOUT_MS = 300_000;
export const BUSY = { timeout: 120_000, interval: 100 };

/** Added to the environment of a start: it is as if the program were started 10 s later, when the leases of a dead one have run out. */
export const LATER = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
    'const { now } = Date; Date.now = () => now() + 10_000;',
  )}`,
};

/** The program, started and ended again and again on one store. Call it once in a file: each test has a store and a provider of its own. */
export function openRestarts() {
  let folder: string;
  let provider: FakeProvider;
  let programs: Program[];
  let readers: Reader[];
  let platforms: { close(): Promise<void> }[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'parley-'));
    provider = await createFakeProvider();
    programs = [];
    readers = [];
    platforms = [];
  });

  afterEach(async () => {
    for (const reader of readers) reader.close();
    for (const program of programs) await program.kill();
    for (const platform of platforms) await platform.close();
    await provider.close();
    rmSync(folder, { recursive: true });
  });

  return {
    get provider() {
      return provider;
    },
    closeLater: (platform: { close(): Promise<void> }) => void platforms.push(platform),
    /** The program on its playground, with the page's hands and eyes. */
    async start(environment: Record<string, string> = {}) {
      const program = await startProgram(folder, { OPENROUTER_BASE_URL: provider.url, ...environment });
      programs.push(program);
      const hands = await openPage(program.url);
      readers.push(hands.page);
      return { program, ...hands };
    },
  };
}

export const paragraphs = (from: number, to: number) =>
  Array.from(
    { length: to - from },
    (_, index) => `Paragraph ${from + index}. ${'Text. '.repeat(60)}\n\n`,
  ).join('');
export const numbersIn = (text: string) =>
  [...text.matchAll(/Paragraph (\d+)\./g)].map(([, number]) => Number(number));
export const countTo = (count: number) => Array.from({ length: count }, (_, index) => index);

export const labelsOf = (message: { readonly buttons: readonly { readonly label: string }[] } | undefined) =>
  message?.buttons.map(({ label }) => label) ?? [];

export function expectOnce(texts: readonly string[]): void {
  const numbers = numbersIn(texts.join('\n'));
  expect(numbers).toEqual(countTo(numbers.length));
}
