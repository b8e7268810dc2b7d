import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defineConfig } from 'vitest/config';
import whole, { beginningWith } from './vitest.config.ts';

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

/** First those that need a worker without discord.js, then those that take longest: begun last, one of them would still run when all others have ended. */
const FIRST = [
  'test/app/http/proxies.test.ts',
  'test/cli/setup/find-operator.test.ts',
  'test/adapters/slack/surface.test.ts',
  'test/access-table.test.ts',
  'test/adapters/discord/surface.test.ts',
  'test/core/chat/recovery/takeover-again.test.ts',
  'test/adapters/slack/delivery.test.ts',
  'test/core/chat/recovery/takeover.test.ts',
  'test/files/read-content.test.ts',
  'test/core/prompt/compaction.test.ts',
  'test/adapters/discord/end-to-end.test.ts',
  'test/core/markdown/healer.test.ts',
  'test/provider-dialects/provider-dialects.test.ts',
  'test/core/markdown/fixtures.test.ts',
];

/** `npm run test:fast`: everything that needs no browser, no Redis and no child process. */
export default defineConfig({
  test: {
    ...whole.test,
    // Most of a test is waiting, and modules are loaded once a worker: on two cores, a run takes half the time.
    maxWorkers: 6,
    isolate: false,
    sequence: { sequencer: beginningWith(FIRST) },
    exclude: globSync('test/**/*.test.ts').filter((file) => isHeavy(file)),
  },
});
