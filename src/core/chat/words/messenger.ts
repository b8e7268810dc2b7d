import { Stopped } from '../../coordination/live-answers.ts';
import type { Delivery } from '../../delivery/reply.ts';
import type { NameOperator } from '../../ports/operator.ts';
import type { Surface } from '../../ports/surface.ts';

/** Tells the asker alone. */
export type Tell = (surface: Surface, text: string) => Promise<void>;

export type Messenger = ReturnType<typeof createMessenger>;

/**
 * How the chat's words reach people, until this process gives up on that.
 * @param nameOperator is applied to all that `tell` says
 */
export function createMessenger(delivery: Delivery, nameOperator: NameOperator) {
  const abandoning = new AbortController();
  const { signal } = abandoning;
  return {
    delivery,
    nameOperator,
    async tell(surface: Surface, text: string): Promise<void> {
      await surface.tellPrivately({ text: nameOperator(text) }, signal);
    },
    /** Aborts with `Stopped` to end all delivery at once; the journal then has the rest. */
    abandoned: signal,
    abandon: () => abandoning.abort(new Stopped({ kind: 'shutdown' })),
  };
}
