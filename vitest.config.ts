import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Much of the time is spent waiting for real leases and processes: one worker per core leaves none idle.
    maxWorkers: 2,
    // A shared machine can pause a child process for longer than any timeout here. The report names each test that was retried.
    retry: process.env['CI'] === undefined ? 0 : 1,
    // As `npm start`: without it, each thread and each process strips the types of all that it loads anew.
    env: { NODE_COMPILE_CACHE: resolve('node_modules/.cache/node') },
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // As `waitUntil`.
    expect: { poll: { timeout: 10_000, interval: 5 } },
  },
});
