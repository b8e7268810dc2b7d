import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Begins with these files, in their order; the others follow in vitest's. */
export function beginningWith(files: readonly string[]): typeof BaseSequencer {
  const first = files.map((path) => resolve(path));
  return class extends BaseSequencer {
    override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
      const others = specifications.filter(({ moduleId }) => !first.includes(moduleId));
      const known = first.flatMap((path) => specifications.filter(({ moduleId }) => moduleId === path));
      return [...known, ...(await super.sort(others))];
    }
  };
}

/** Those that take longest: begun last, one of them would still run when all others have ended. */
const FIRST = [
  'test/playground.test.ts',
  'test/restart/discord.test.ts',
  'test/restart/slack.test.ts',
  'test/restart/playground.test.ts',
];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Much of the time is spent waiting for real leases and processes: one worker per core leaves none idle.
    maxWorkers: 2,
    sequence: { sequencer: beginningWith(FIRST) },
    // A shared machine can pause a child process for longer than any timeout here. The report names each test that was retried.
    retry: process.env['CI'] === undefined ? 0 : 1,
    // As `npm start`: without it, each thread and each process strips the types of all that it loads anew.
    env: { NODE_COMPILE_CACHE: resolve('node_modules/.cache/node') },
    // Node loads the sources itself, as in production. Through Vite, tests of the whole core took a third more CPU.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    runner: 'test/support/runner.ts',
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // As `waitUntil`.
    expect: { poll: { timeout: 10_000, interval: 5 } },
  },
});
