import type { Clock } from '../../src/core/kit/time/clock.ts';
import type { Screen } from './answers.ts';

/**
 * A bot on the platforms' own libraries, for comparison: it posts with the first word and then edits each second, each call in its turn,
 * and waits out what the platform refuses.
 */
export interface BareBot {
  start(index: number, screen: Screen): BareAnswer;
}

export interface BareAnswer {
  write(text: string): void;
  /** Resolves when the last edit stands. */
  finish(): Promise<void>;
}

interface BareBotOptions {
  readonly clock: Clock;
  /** Sends one call; resolves to the milliseconds to wait, or null if it was taken. */
  send(kind: 'thread' | 'post' | 'edit', index: number): Promise<number | null>;
  readonly opensThreads: boolean;
  /** Whether a refusal pauses all calls, as Bolt's client does; discord.js pauses the limit that was hit. */
  readonly inOneQueue: boolean;
}

const EDIT_EVERY_MS = 1_000;

export function createBareBot({ clock, send, opensThreads, inOneQueue }: BareBotOptions): BareBot {
  let shared = Promise.resolve();

  async function insist(kind: 'thread' | 'post' | 'edit', index: number): Promise<void> {
    for (;;) {
      const waitMs = await send(kind, index);
      if (waitMs === null) return;
      await clock.sleep(waitMs);
    }
  }

  return {
    start(index, screen) {
      let text = '';
      let shown = '';
      let own = Promise.resolve();
      let isOver = false;

      function call(kind: 'thread' | 'post' | 'edit'): Promise<void> {
        const state = text;
        const work = async () => {
          await insist(kind, index);
          if (kind === 'thread') return;
          shown = state;
          screen.show('only', shown);
        };
        own = own.then(() => {
          if (!inOneQueue) return work();
          shared = shared.then(work);
          return shared;
        });
        return own;
      }

      async function edit(): Promise<void> {
        while (!isOver) {
          await clock.sleep(EDIT_EVERY_MS);
          if (!isOver && text !== shown) await call('edit');
        }
      }

      return {
        write(more) {
          const isFirst = text === '';
          text += more;
          if (!isFirst) return;
          if (opensThreads) void call('thread');
          void call('post');
          void edit();
        },
        async finish() {
          isOver = true;
          await own;
          if (text !== shown) await call('edit');
        },
      };
    },
  };
}
