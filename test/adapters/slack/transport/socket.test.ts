import type { SocketModeReceiver } from '@slack/bolt';
import { expect, it } from 'vitest';
import { createBoltLogger } from '../../../../src/adapters/slack/transport/bolt-logger.ts';
import { createSocketTransport } from '../../../../src/adapters/slack/transport/socket.ts';
import { createTasks } from '../../../../src/core/kit/scheduling/tasks.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { createLogRecorder } from '../../../support/provider/test-client.ts';

const GONE = new Error('gone');

/** A transport whose connection does as it is told. */
function setUp() {
  const clock = createFakeClock();
  const { log, lines } = createLogRecorder();
  const back: number[] = [];
  const transport = createSocketTransport('xapp-1', {
    apiUrl: 'https://slack.test/api/',
    fetch,
    boltLogger: createBoltLogger(log, () => false),
    tasks: createTasks(log),
    isOpen: () => true,
    onBack: (awayMs) => back.push(awayMs),
    clock,
    log,
  });
  const { client } = transport.receiver as SocketModeReceiver;
  const starts: number[] = [];
  const disconnects: number[] = [];
  const line = {
    start: async (): Promise<void> => {},
    disconnect: async (): Promise<void> => {},
  };
  Object.assign(client, {
    start() {
      starts.push(clock.now());
      return line.start();
    },
    disconnect() {
      disconnects.push(clock.now());
      return line.disconnect();
    },
  });
  return { clock, transport, client, starts, disconnects, line, back, logged: () => lines.join('') };
}

it('reconnects at once, then at growing intervals of at most 30 s, and tells how long it was away', async () => {
  const { clock, transport, client, starts, line, back } = setUp();
  await transport.connect();
  expect(transport.isConnected()).toBe(true);
  const sinceMs = clock.now();
  line.start = () => Promise.reject(GONE);
  client.emit('disconnected');
  expect(transport.isConnected()).toBe(false);
  await clock.advance(120_000);
  const after = starts.slice(1).map((atMs) => (atMs - sinceMs) / 1_000);
  expect(after).toEqual([0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 61.5, 91.5]);
  line.start = async () => {};
  expect(back).toEqual([]);
  await clock.advance(1_500);
  expect([transport.isConnected(), back]).toEqual([true, [121_500]]);
  // The next loss begins anew.
  client.emit('disconnected');
  await clock.advance(0);
  expect(back).toEqual([121_500, 0]);
});

it('gives up on a connection without a greeting after 15 s, and on no other', async () => {
  const { clock, transport, disconnects, line } = setUp();
  const greeting = Promise.withResolvers<void>();
  line.start = () => greeting.promise;
  // As Bolt's client: it rejects with nothing.
  line.disconnect = async () => greeting.reject(undefined);
  const refused = expect(transport.connect()).rejects.toThrow(
    'Slack cannot be reached at https://slack.test/',
  );
  await clock.advance(14_999);
  expect(disconnects).toEqual([]);
  await clock.advance(1);
  await refused;
  expect([disconnects.length, transport.isConnected(), clock.pending]).toEqual([1, false, 0]);
  line.start = async () => {};
  await transport.connect();
  await clock.advance(60_000);
  expect([disconnects.length, transport.isConnected()]).toEqual([1, true]);
});

it('waits 2 s for the goodbye, and does not come back', async () => {
  const { clock, transport, client, starts, line, logged } = setUp();
  await transport.connect();
  line.disconnect = () => new Promise(() => {});
  let isOver = false;
  const closed = transport.disconnect().then(() => {
    isOver = true;
  });
  client.emit('disconnected');
  await clock.advance(1_999);
  expect(isOver).toBe(false);
  await clock.advance(1);
  await closed;
  await clock.advance(60_000);
  expect(starts).toHaveLength(1);
  expect(logged()).not.toContain('reconnecting');
});

it('ends a reconnect that is under way when it closes, and says nothing of it', async () => {
  const { clock, transport, client, starts, line, logged } = setUp();
  await transport.connect();
  line.start = () => Promise.reject(GONE);
  client.emit('disconnected');
  await clock.advance(600);
  const before = starts.length;
  const warnings = logged().split('could not connect').length;
  await transport.disconnect();
  await clock.advance(60_000);
  expect([starts.length, logged().split('could not connect').length]).toEqual([before, warnings]);
});

it('closes a connection that opens when it has been closed', async () => {
  const { transport, disconnects, line } = setUp();
  const greeting = Promise.withResolvers<void>();
  line.start = () => greeting.promise;
  const opened = transport.connect();
  const closed = transport.disconnect();
  greeting.resolve();
  await Promise.all([opened, closed]);
  expect([disconnects.length, transport.isConnected()]).toEqual([2, false]);
});
