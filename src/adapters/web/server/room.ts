import type { Logger } from 'pino';
import {
  type Collection,
  type CollectionStore,
  createCollection,
  UnreadableValue,
} from '../../../core/coordination/collection.ts';
import type { Clock } from '../../../core/kit/time/clock.ts';
import type { Item } from '../wire.ts';
import { type ChangeLog, createChangeLog } from './change-log.ts';
import { type Draft, MESSAGE_VERSION, type StoredMessage, storedMessageSchema, toWire } from './messages.ts';

/** The playground's messages: in memory for readers, in the store for the next start. */
export interface Room {
  /** The values that readers follow: messages by id, activities as `activity/<id>`, and `status`. */
  readonly changes: ChangeLog<Item>;
  /**
   * Loads the messages of earlier processes; call it before anything else. Skips unreadable ones.
   * @throws if the store fails, so that a room never begins as an empty one
   */
  load(): Promise<void>;
  find(id: string): StoredMessage | undefined;
  /** All messages, oldest first. */
  all(): readonly StoredMessage[];
  /** Stores the message, then shows it. If a message with the draft's id exists, resolves to that. */
  post(draft: Draft): Promise<StoredMessage>;
  /**
   * Stores the message, then shows it, so that a dying process takes nothing back. If the store fails, shows it anyway and
   * rejects, unless another state follows soon (`isInterim`; default false).
   */
  replace(message: StoredMessage, isInterim?: boolean): Promise<void>;
  /** Removes the message from view, then from the store. Does nothing if it is gone. */
  remove(id: string): Promise<void>;
  /** Whether the thread below this message has any messages. */
  hasReplies(id: string): boolean;
  /** Reports that the bar's content may have changed. */
  touchStatus(): void;
}

/** If there are more, the oldest are deleted. This many still load at once. */
const MAX_MESSAGES = 1_000;

/** Keeps the newest 1,000 messages, and an older one as long as its thread has a message. */
export function createRoom(store: CollectionStore, clock: Clock, log: Logger): Room {
  const stored: Collection<StoredMessage> = createCollection(store, 'playground', storedMessageSchema, {
    version: MESSAGE_VERSION,
  });
  const changes = createChangeLog<Item>();
  const messages = new Map<string, StoredMessage>();
  const posting = new Map<string, Promise<StoredMessage>>();
  let lastOrder = 0;

  const hasReplies = (id: string) => messages.values().some(({ thread }) => thread === id);

  function show(message: StoredMessage): void {
    messages.set(message.id, message);
    changes.put(message.id, toWire(message), message.audience);
  }

  async function place(draft: Draft): Promise<StoredMessage> {
    lastOrder += 1;
    const message: StoredMessage = { ...draft, order: lastOrder, atMs: clock.now(), threadTitle: null };
    await stored.set(message.id, message);
    show(message);
    await forgetOldest();
    return message;
  }

  /** Not the first message of a thread, which goes after its last reply. */
  async function forgetOldest(): Promise<void> {
    try {
      for (const { id } of messages.values()) {
        if (messages.size <= MAX_MESSAGES) return;
        if (!hasReplies(id)) await remove(id);
      }
    } catch (error) {
      const what = 'could not delete an old message of the playground; retrying at the next start';
      log.warn({ err: error }, what);
    }
  }

  async function remove(id: string): Promise<void> {
    if (!messages.delete(id)) return;
    changes.remove(id);
    await stored.delete(id);
  }

  return {
    changes,
    async load() {
      for (const message of await readAll(stored, log)) {
        lastOrder = message.order;
        show(message);
      }
    },
    find: (id) => messages.get(id),
    all: () => [...messages.values()],
    async post(draft) {
      const known = messages.get(draft.id);
      if (known !== undefined) return known;
      const placing = posting.get(draft.id) ?? place(draft).finally(() => posting.delete(draft.id));
      posting.set(draft.id, placing);
      return await placing;
    },
    async replace(message, isInterim = false) {
      messages.set(message.id, message);
      try {
        await stored.set(message.id, message);
      } catch (error) {
        if (!isInterim) throw error;
        log.warn({ err: error }, 'could not store an interim state of an answer in the playground');
      } finally {
        const newest = messages.get(message.id);
        if (newest !== undefined) show(newest);
      }
    },
    remove,
    hasReplies,
    touchStatus: () => changes.put('status', { kind: 'status' }, null),
  };
}

/** The stored messages, oldest first. One unreadable message must not hide the others. */
async function readAll(stored: Collection<StoredMessage>, log: Logger): Promise<StoredMessage[]> {
  const found: StoredMessage[] = [];
  for await (const key of stored.keys()) {
    try {
      const message = await stored.get(key);
      if (message !== undefined) found.push(message);
    } catch (error) {
      if (!(error instanceof UnreadableValue)) throw error;
      log.warn({ err: error, key }, 'skipped an unreadable message of the playground');
    }
  }
  return found.sort((a, b) => a.order - b.order);
}
