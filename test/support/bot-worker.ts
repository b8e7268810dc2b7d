import { pino } from 'pino';
import { systemClock } from '../../src/core/kit/time/clock.ts';
import type { Reopened } from '../../src/core/ports/adapter.ts';
import type { Place } from '../../src/core/ports/events.ts';
import type { LiveMessage, MessageView, Surface } from '../../src/core/ports/surface.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { FakeProvider } from './provider/fake-provider.ts';
import { createTestBot, messageOf } from './test-bot.ts';

/** A request of a bot in a process of its own to the platform, which lives with the test and outlives the process. */
export type PlatformCall =
  | { readonly do: 'open'; readonly surface: string; readonly view: MessageView }
  | { readonly do: 'update'; readonly surface: string; readonly message: string; readonly view: MessageView }
  | { readonly do: 'tellPrivately'; readonly surface: string; readonly text: string }
  | { readonly do: 'reopen'; readonly reference: string; readonly answerId: string | null };

export interface PlatformAnswer {
  /** The key of the message that was opened, or found. */
  readonly key: string | null;
  readonly text: string;
  readonly isEnded: boolean;
  /** As `Reopened.sealed`. */
  readonly sealed?: number;
  /** As of the port. */
  readonly keepsMarks: boolean;
  /** Names the surface that was reopened; null where there is none. */
  readonly surface: string | null;
  /** `Surface.reference` after the call. */
  readonly reference: string;
}

/** An event that the platform delivers to a bot. */
export interface Delivery {
  readonly id: string;
  readonly text: string;
  readonly place: Partial<Place>;
  readonly surface: string;
  readonly reference: string;
  /** As of the port. */
  readonly keepsMarks: boolean;
}

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'call'; readonly serial: number; readonly call: PlatformCall };
export type ToWorker =
  | { readonly type: 'deliver'; readonly delivery: Delivery }
  | { readonly type: 'answer'; readonly serial: number; readonly answer: PlatformAnswer };

export const MAX_CHARS = 120;

if (import.meta.main) {
  const [storeUrl = '', providerUrl = ''] = process.argv.slice(2);
  const store = await openStore(storeUrl, { clock: systemClock, log: pino({ level: 'silent' }) });
  const waiting = new Map<number, (answer: PlatformAnswer) => void>();
  let serial = 0;

  const send = (message: FromWorker) => process.send?.(message);
  const call = (wanted: PlatformCall) =>
    new Promise<PlatformAnswer>((resolve) => {
      waiting.set(++serial, resolve);
      send({ type: 'call', serial, call: wanted });
    });

  function surfaceOf(surface: string, begun: string, keepsMarks: boolean): Surface {
    const scope = { key: `test:${surface}`, limit: 1_000, windowMs: 1_000 };
    let reference = begun;
    return {
      limits: { maxChars: MAX_CHARS },
      openScope: scope,
      keepsMarks,
      canContinueInThread: false,
      isPrivate: false,
      get reference() {
        return reference;
      },
      indicate() {},
      async openMessage(view) {
        const answer = await call({ do: 'open', surface, view });
        reference = answer.reference;
        return liveMessage(surface, answer.key ?? '');
      },
      async tellPrivately({ text }) {
        await call({ do: 'tellPrivately', surface, text });
      },
    };
  }

  function liveMessage(surface: string, key: string): LiveMessage {
    return {
      key,
      scope: { key: `test:${surface}`, limit: 1_000, windowMs: 1_000 },
      async update(view) {
        await call({ do: 'update', surface, message: key, view });
      },
    };
  }

  async function reopen(reference: string, answerId: string | null): Promise<Reopened | null> {
    const found = await call({ do: 'reopen', reference, answerId });
    const { surface, key, text, isEnded, sealed, keepsMarks } = found;
    if (surface === null) return null;
    const live = key === null ? null : liveMessage(surface, key);
    return {
      surface: surfaceOf(surface, found.reference, keepsMarks),
      message: live && { live, text, isEnded },
      ...(sealed !== undefined && { sealed }),
    };
  }

  const bot = await createTestBot({
    store,
    provider: { url: providerUrl } as FakeProvider,
    platform: {
      platform: 'discord',
      reopen: ({ reference, answerId }) => reopen(reference, answerId),
    },
  });

  process.on('message', (message: ToWorker) => {
    if (message.type === 'answer') {
      waiting.get(message.serial)?.(message.answer);
      waiting.delete(message.serial);
      return;
    }
    const { id, text, place, surface, reference, keepsMarks } = message.delivery;
    const event = messageOf(text, { id, place });
    void bot.dispatch.message({ ...event, surface: surfaceOf(surface, reference, keepsMarks) });
  });
  send({ type: 'ready' });
}
