import { expect, it, onTestFinished } from 'vitest';
import { startStoreWatch } from '../../../src/app/telemetry/store-watch.ts';
import { StoreError } from '../../../src/core/ports/store.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';

it.each([
  ['not yet where it is back within five seconds', 3_000, []],
  ['where it is still away after five', 10_000, ['disk full']],
])('reports a store that fails: %s', async (_, awayMs, reported) => {
  const clock = createFakeClock();
  const { log } = createLogRecorder();
  const store = await openStore('memory:', { clock, log });
  onTestFinished(() => store.close());
  const backAtMs = clock.now() + 30_000 + awayMs;
  const failures: string[] = [];
  const watch = startStoreWatch({
    store: {
      claims: store.claims,
      write: (changes) =>
        clock.now() < backAtMs ? Promise.reject(new StoreError('disk full')) : store.write(changes),
    },
    owner: 'p',
    failed: (reason) => void failures.push(reason),
    clock,
    log,
  });
  onTestFinished(() => watch.stop());
  await clock.advance(50_000);
  expect(failures).toEqual(reported);
  expect(watch.isUp()).toBe(reported.length === 0);
  await clock.advance(30_000);
  expect(watch.isUp()).toBe(true);
});
