import { expect, it } from 'vitest';
import { ignoring, orLog } from '../../../src/core/kit/or-log.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';

it('logs a fault with what it was about, and gives the value in its place', async () => {
  const { log, lines } = createLogRecorder();
  const gone = () => Promise.reject(new Error('the store is gone'));
  expect(await gone().catch(orLog(log, 'warn', { answer: 'a1' }, 'could not read it', null))).toBeNull();
  expect(await gone().catch(orLog(log, 'error', {}, 'could not store it'))).toBeUndefined();
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 40, answer: 'a1', msg: 'could not read it', err: { message: 'the store is gone' } },
    { level: 50, msg: 'could not store it' },
  ]);
});

it('ignores a harmless fault alone', async () => {
  const harmless = ignoring((error) => error === 'gone');
  expect(await Promise.reject('gone').catch(harmless)).toBeUndefined();
  await expect(Promise.reject('broken').catch(harmless)).rejects.toBe('broken');
});
