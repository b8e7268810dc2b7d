import type { Logger } from 'pino';
import { z } from 'zod';
import { createCollection } from '../coordination/collection.ts';
import type { Once } from '../coordination/once.ts';
import type { Clock } from '../kit/time/clock.ts';
import type { ModelChooser } from '../model-choice/chooser.ts';
import type { Dispatch, Joining } from '../ports/events.ts';
import type { Store } from '../ports/store.ts';

export interface GreeterOptions {
  readonly store: Store;
  readonly once: Once;
  readonly choose: ModelChooser;
  /** The notice about the demo, if it answers here; null if models do. */
  readonly demoNotice: string | null;
  /** `OPERATOR_CONTACT`; null if it is not set. */
  readonly operatorContact: string | null;
  readonly clock: Clock;
  readonly log: Logger;
}

const DAY_MS = 86_400_000;
/** The first event comes this much later than the join that it reports. */
const FIRST_EVENT_MS = 5 * 60_000;
/** Namespaces that a store has once a bot has used it. */
const SIGNS_OF_USE = ['streams', 'conversations', 'guilds', 'settings'];
const SINCE = 'since';

/** Introduces the bot where people do not know it yet. */
export function createGreeter(options: GreeterOptions): Dispatch['joined'] {
  const { store, once, choose, demoNotice, operatorContact, clock, log } = options;
  const greeted = createCollection(store, 'greetings', z.object({ atMs: z.number() }));

  async function isUsed(): Promise<boolean> {
    for (const namespace of SIGNS_OF_USE) for await (const _ of store.keys(namespace, '')) return true;
    return false;
  }

  /**
   * The start of greetings: places that the bot joined before are known. A new installation may have been invited before its
   * first start; an older one is known everywhere.
   */
  async function sinceMs(): Promise<number> {
    const known = await greeted.get(SINCE);
    if (known !== undefined) return known.atMs;
    const atMs = clock.now() - ((await isUsed()) ? FIRST_EVENT_MS : DAY_MS);
    await greeted.set(SINCE, { atMs });
    return atMs;
  }

  async function words({ guild, where }: Joining): Promise<string> {
    const choice = await choose({ whose: guild, setting: null, asked: null });
    return [
      `Hello! I am **Parley**, and I bring language models ${where}. Ask me with \`/ask\` or mention me; \`/help\` shows what else I can do.`,
      ...(operatorContact === null ? [] : [`I am run by ${operatorContact}.`]),
      ...(choice.ok ? (demoNotice === null ? [] : [demoNotice]) : [choice.text]),
    ].join('\n\n');
  }

  return async (joining) => {
    const { id, atMs, introduce } = joining;
    try {
      if (atMs < (await sinceMs()) || (await greeted.get(id)) !== undefined) return;
      once.do(`greeting/${id}`, clock.now() + DAY_MS, 'introduce the bot', async (signal) => {
        // Stored first, so that a crash loses the greeting rather than repeats it.
        await greeted.set(id, { atMs: clock.now() });
        const isSaid = await introduce({ text: await words(joining) }, signal);
        log.info({ place: id, isSaid }, 'the bot joined a new place');
      });
    } catch (error) {
      log.warn({ err: error, place: id }, 'could not read whether the bot is new to a place');
    }
  };
}
