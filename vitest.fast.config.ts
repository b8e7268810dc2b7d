import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import whole from './vitest.config.ts';

/** What makes a test slow to start, or needs something that is not installed everywhere. */
const HEAVY = /node:child_process|playwright-core|redis-server|startRedis/;

const texts = new Map<string, string>();

function textOf(file: string): string {
  const known = texts.get(file);
  if (known !== undefined) return known;
  const text = readFileSync(file, 'utf8');
  texts.set(file, text);
  return text;
}

/** Whether a file, or what it imports from `test/`, starts a process, a browser or a Redis. */
function isHeavy(file: string, seen = new Set<string>()): boolean {
  if (seen.has(file)) return false;
  seen.add(file);
  const text = textOf(file);
  if (HEAVY.test(text)) return true;
  const imports = Array.from(text.matchAll(/from '(\.[^']+\.ts)'/g), ([, path = '']) =>
    join(dirname(file), path),
  );
  return imports.some((path) => path.startsWith('test/') && isHeavy(path, seen));
}

/** The length of a file with the contracts that it runs. */
function lengthOf(file: string): number {
  const contracts = textOf(file).matchAll(/from '[./]+(contracts\/[^']+)'/g);
  return Array.from(contracts, ([, path]) => textOf(`test/${path}`)).join('').length + textOf(file).length;
}

/** Long files first, so that none is left over at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => lengthOf(b.moduleId) - lengthOf(a.moduleId));
  }
}

/** `npm run test:fast`: everything that needs no browser, no Redis and no child process. */
export default defineConfig({
  test: {
    ...whole.test,
    // Most of a test is waiting, and modules are loaded once a worker: on two cores, a run takes half the time.
    maxWorkers: 6,
    isolate: false,
    sequence: { sequencer: LongestFirst },
    exclude: globSync('test/**/*.test.ts').filter((file) => isHeavy(file)),
  },
});
