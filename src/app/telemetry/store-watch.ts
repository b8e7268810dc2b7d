import type { Logger } from 'pino';
import { messageOf } from '../../core/kit/text/text.ts';
import type { Clock } from '../../core/kit/time/clock.ts';
import { type Background, repeat } from '../../core/kit/time/repeat.ts';
import type { Store } from '../../core/ports/store.ts';

const EVERY_MS = 30_000;
/** A restarting server is usually back by then. */
const AGAIN_MS = 5_000;
const LEASE_MS = 5_000;

/**
 * Writes to the store periodically, because otherwise a full disk looks like a quiet night. Reports two failures in a row.
 */
export function startStoreWatch(options: {
  readonly store: Pick<Store, 'claims' | 'write'>;
  /** This process's id. */
  readonly owner: string;
  readonly failed: (reason: string) => void;
  readonly clock: Clock;
  readonly log: Logger;
}): Background & { isUp(): boolean } {
  const { store, owner, failed, clock, log } = options;
  let isDown = false;

  async function write(): Promise<void> {
    // A lock that is free again once finished, so that nothing is left behind.
    const nowMs = clock.now();
    const claim = await store.claims.claim(`store-watch/${owner}`, owner, nowMs + LEASE_MS, nowMs);
    if (claim !== null) await store.write([{ kind: 'finish', claim }]);
  }

  const watching = repeat(
    'watching the store',
    EVERY_MS,
    async (signal) => {
      try {
        await write();
      } catch {
        await clock.sleep(AGAIN_MS, signal);
        try {
          await write();
        } catch (error) {
          isDown = true;
          return failed(messageOf(error));
        }
      }
      if (isDown) log.info({}, 'the store accepts writes again');
      isDown = false;
    },
    options,
  );
  return { isUp: () => !isDown, stop: () => watching.stop() };
}
