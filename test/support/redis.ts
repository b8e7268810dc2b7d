import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { createClient } from '@keyv/redis';
import { describe } from 'vitest';
import { freePort } from './free-port.ts';

/** A real Redis of the test's own, on 127.0.0.1, which keeps nothing on disk. */
export interface TestRedis {
  readonly url: string;
  /** Forgets everything. */
  flush(): Promise<void>;
  /** All that it holds, as text. */
  dump(): Promise<string>;
  /** Stops answering without closing a connection, as a network that swallows packets does. */
  pause(): void;
  resume(): void;
  /** Goes away with all its data, closing every connection. */
  stop(): Promise<void>;
  /** Comes back, empty, at the same address. */
  start(): Promise<void>;
}

const isInstalled = spawnSync('redis-server', ['--version']).status === 0;

/** `describe` for what needs Redis. If that is not installed, the tests are skipped by name; in CI they fail. */
export function describeWithRedis(name: string, body: () => void): void {
  const skipped = !isInstalled && !process.env['CI'];
  if (skipped) console.warn(`skipped, for want of redis-server: ${name}`);
  describe.skipIf(skipped)(name, body);
}

export async function startRedis(): Promise<TestRedis> {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let server = await run(port);

  return {
    url,
    async flush() {
      const client = createClient({ url });
      await client.connect();
      await client.flushAll();
      client.destroy();
    },
    async dump() {
      const client = createClient({ url });
      await client.connect();
      const found: unknown[] = [];
      for (const key of await client.keys('*')) {
        const read = READERS[await client.type(key)];
        if (read === undefined) throw new Error(`nothing reads ${key}`);
        found.push(key, await client.sendCommand(read(key)));
      }
      client.destroy();
      return JSON.stringify(found);
    },
    pause: () => server.kill('SIGSTOP'),
    resume: () => server.kill('SIGCONT'),
    stop: () => end(server),
    async start() {
      server = await run(port);
    },
  };
}

/** How each kind of value is read whole. */
const READERS: Readonly<Record<string, (key: string) => string[]>> = {
  string: (key) => ['GET', key],
  hash: (key) => ['HGETALL', key],
  set: (key) => ['SMEMBERS', key],
  zset: (key) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
  list: (key) => ['LRANGE', key, '0', '-1'],
};

async function run(port: number): Promise<ChildProcess> {
  const settings = { port, bind: '127.0.0.1', dir: tmpdir(), save: '', appendonly: 'no' };
  const server = spawn(
    'redis-server',
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const failed = once(server, 'exit').then(() => {
    throw new Error(`redis-server ended before it was ready on port ${port}`);
  });
  failed.catch(() => {});
  const ready = (async () => {
    for await (const line of createInterface(server.stdout)) if (line.includes('Ready to accept')) return;
  })();
  await Promise.race([ready, failed]);
  server.stdout.resume();
  return server;
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, 'exit');
  server.kill('SIGKILL');
  await exited;
}
