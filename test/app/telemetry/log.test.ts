import { describe, expect, it } from 'vitest';
import { createLog } from '../../../src/app/telemetry/log.ts';
import { PlaceGone } from '../../../src/core/ports/delivery-errors.ts';
import { ProviderError } from '../../../src/core/ports/provider-errors.ts';
import { StoreError } from '../../../src/core/ports/store.ts';

function open(isTTY: boolean, level = 'info') {
  const lines: string[] = [];
  return { lines, log: createLog(level, { isTTY, write: (text) => lines.push(text) }) };
}

describe('the log', () => {
  it('is JSON with names of levels and ISO times', () => {
    const { log, lines } = open(false);
    log.child({ platform: 'slack' }).warn({ shard: 1, err: new Error('broken') }, 'a warning');
    log.debug('nothing');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      platform: 'slack',
      shard: 1,
      err: { message: 'broken' },
      msg: 'a warning',
    });
  });

  it('is for people on a terminal', () => {
    const { log, lines } = open(true);
    log.info({ status: 'complete', reason: null, question: 'two words' }, 'answered');
    log.error({ err: new Error('broken') }, 'a fault');
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d info {2}answered {2}status=complete {2}question="two words"\n$/,
    );
    expect(lines[1]).toMatch(/error.* a fault\n {4}Error: broken\n {8}at /);
    expect(lines[1]).toContain('\u001b[31m');
  });
});

it('shows no stack of what is no riddle, in either form', () => {
  const known = [
    new StoreError('the disk is full'),
    new PlaceGone('forbidden'),
    new ProviderError({ code: 'no_credit', provider: 'p' }),
  ];
  for (const isTTY of [true, false]) {
    const { log, lines } = open(isTTY);
    for (const err of known) log.warn({ err }, 'that failed');
    log.warn({ err: new Error('a riddle') }, 'that failed');
    const texts = lines.map(String);
    expect(texts.slice(0, 3).join('')).not.toMatch(/\bat .*:\d+/);
    expect(texts[0]).toContain('the disk is full');
    expect(texts[3]).toMatch(/\bat .*:\d+/);
  }
});

it('tells every fault of a shutdown, with its stack, in either form', async () => {
  const closing = new AsyncDisposableStack();
  closing.defer(() => Promise.reject(new RangeError('the socket hung')));
  closing.defer(() => Promise.reject(new StoreError('the disk is full')));
  closing.defer(() => Promise.reject(new TypeError('no such server')));
  const err = await closing.disposeAsync().catch((error: unknown) => error);
  const [forPeople, json] = [true, false].map((isTTY) => {
    const { log, lines } = open(isTTY);
    log.fatal({ err }, 'stopping');
    return lines[0] ?? '';
  });
  const logged = JSON.parse(json ?? '').err;
  expect(logged).toMatchObject({
    type: 'SuppressedError',
    message: 'no such server; the disk is full; the socket hung',
  });
  for (const text of [forPeople, logged.stack]) {
    expect(text).toMatch(
      /TypeError: no such server\n +at .*\n *the disk is full\n *RangeError: the socket hung\n +at /s,
    );
  }
});
