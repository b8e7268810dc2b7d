import { globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Marks a test that is slow to start, needs something that is not installed everywhere, or must run before discord.js is loaded. */
const ALONE = /node:child_process|playwright-core|redis-server|startRedis|openProxy/;

/** Those that take longest: begun last, one of them would still run when all others have ended. */
const FIRST = [
  'test/playground.test.ts',
  'test/restart/discord.test.ts',
  'test/restart/slack.test.ts',
  'test/restart/playground.test.ts',
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
].map((path) => resolve(path));

/** Begins with `FIRST`, in its order; the others follow in vitest's. */
class Sequencer extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const others = specifications.filter(({ moduleId }) => !FIRST.includes(moduleId));
    const known = FIRST.flatMap((path) => specifications.filter(({ moduleId }) => moduleId === path));
    return [...known, ...(await super.sort(others))];
  }
}

const texts = new Map<string, string>();

function textOf(file: string): string {
  const text = texts.get(file) ?? readFileSync(file, 'utf8');
  texts.set(file, text);
  return text;
}

/** Whether a file, or what it imports from `test/`, is as `ALONE` says. */
function isAlone(file: string, seen = new Set<string>()): boolean {
  if (seen.has(file)) return false;
  seen.add(file);
  const text = textOf(file);
  if (ALONE.test(text)) return true;
  const imports = Array.from(text.matchAll(/from '(\.[^']+\.ts)'/g), ([, path = '']) =>
    join(dirname(file), path),
  );
  return imports.some((path) => path.startsWith('test/') && isAlone(path, seen));
}

const files = globSync('test/**/*.test.ts');
const alone = files.filter((file) => isAlone(file));

export default defineConfig({
  test: {
    // Much of the time is spent waiting for real leases and processes: one worker per core leaves none idle. With three on two
    // cores, what the browser's tests wait for took up to a minute.
    maxWorkers: 2,
    sequence: { sequencer: Sequencer },
    // A shared machine can pause a child process for longer than any timeout here. The report names each test that was retried.
    retry: process.env['CI'] === undefined ? 0 : 1,
    // As `npm start`: without it, each thread and each process strips the types of all that it loads anew.
    env: { NODE_COMPILE_CACHE: resolve('node_modules/.cache/node') },
    // Node loads the sources itself, as in production. Through Vite, tests of the whole core took a third more CPU.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    runner: resolve('test/support/runner.ts'),
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // As `waitUntil`.
    expect: { poll: { timeout: 10_000, interval: 5 } },
    projects: [
      { extends: true, test: { name: 'alone', include: alone } },
      // A process of its own would take 1.7 s of CPU for each file, most of it to load the same modules.
      {
        extends: true,
        test: {
          name: 'fast',
          include: files.filter((file) => !alone.includes(file)),
          isolate: false,
          // A tenth less CPU: most of what a test makes dies with it.
          execArgv: ['--min-semi-space-size=32', '--max-semi-space-size=64'],
        },
      },
    ],
  },
});
