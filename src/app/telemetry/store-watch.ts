import type { Logger } from 'pino';
import type { Clock } from '../../core/kit/clock.ts';
import { type Background, repeat } from '../../core/kit/repeat.ts';
import type { Store } from '../../core/ports/store.ts';

const EVERY_MS = 30_000;
/** A server that starts again is back by then. */
const AGAIN_MS = 5_000;
const LEASE_MS = 5_000;

/** Writes to the store once in a while, as nothing else tells a disk that is full from a quiet night; tells if it fails twice. */
export function startStoreWatch(options: {
  readonly store: Pick<Store, 'claims' | 'write'>;
  /** Names this process. */
  readonly owner: string;
  readonly failed: (reason: string) => void;
  readonly clock: Clock;
  readonly log: Logger;
}): Background & { isUp(): boolean } {
  const { store, owner, failed, clock, log } = options;
  let isDown = false;

  async function write(): Promise<void> {
    // Free again as soon as it is finished: it leaves nothing behind.
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
          return failed(error instanceof Error ? error.message : String(error));
        }
      }
      if (isDown) log.info({}, 'the store takes what is written again');
      isDown = false;
    },
    options,
  );
  return { isUp: () => !isDown, stop: () => watching.stop() };
}
