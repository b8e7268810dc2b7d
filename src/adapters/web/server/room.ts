import type { Logger } from 'pino';
import {
  type Collection,
  type CollectionStore,
  createCollection,
  UnreadableValue,
} from '../../../core/coordination/collection.ts';
import type { Clock } from '../../../core/kit/clock.ts';
import type { ActivityItem, Item } from '../wire.ts';
import { type ChangeLog, createChangeLog } from './change-log.ts';
import {
  type Draft,
  MESSAGE_VERSION,
  type StoredAnswer,
  type StoredMessage,
  storedMessageSchema,
  toWire,
} from './messages.ts';

/** The playground's messages: in memory for readers, in the store for the next start. */
export interface Room {
  /** What readers follow: messages by id, activities as `activity/<id>`, and `status`. */
  readonly changes: ChangeLog<Item>;
  /** Reads what an earlier process left. */
  load(): Promise<void>;
  find(id: string): StoredMessage | undefined;
  /** Stores the message, then shows it. A draft whose id is known already is that message. */
  post(draft: Draft): Promise<StoredMessage>;
  /**
   * Stores the message as it is now, then shows it: a process that dies takes nothing back. Where the store fails it is shown all
   * the same, and rejects, unless another state follows soon (`isInterim`; false by default).
   */
  replace(message: StoredMessage, isInterim?: boolean): Promise<void>;
  /** False where it was gone. */
  remove(id: string): Promise<boolean>;
  /** The newest message under which a button of this answer stands. */
  newestWithButton(answerId: string): StoredAnswer | undefined;
  /** Whether anything was said in the thread that hangs on this message. */
  hasReplies(id: string): boolean;
  /** The message that a thread hangs on and what everybody sees of the thread, oldest first. */
  thread(rootId: string): readonly StoredMessage[];
  setActivity(id: string, activity: ActivityItem | null, audience: string | null): void;
  /** What the bar shows may have changed. */
  touchStatus(): void;
}

/** The oldest go when there are more. With that many the page still loads in a moment. */
const MAX_MESSAGES = 1_000;

export function createRoom(store: CollectionStore, clock: Clock, log: Logger): Room {
  const stored: Collection<StoredMessage> = createCollection(store, 'playground', {
    version: MESSAGE_VERSION,
    schema: storedMessageSchema,
  });
  const changes = createChangeLog<Item>();
  const messages = new Map<string, StoredMessage>();
  const posting = new Map<string, Promise<StoredMessage>>();
  let lastOrder = 0;

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

  /** Not what a thread hangs on: that goes after its last reply. */
  async function forgetOldest(): Promise<void> {
    try {
      for (const { id } of messages.values()) {
        if (messages.size <= MAX_MESSAGES) return;
        if (!hasReplies(id)) await remove(id);
      }
    } catch (error) {
      log.warn({ err: error }, 'an old message of the playground stays in the store until the next start');
    }
  }

  function hasReplies(id: string): boolean {
    return messages.values().some(({ thread }) => thread === id);
  }

  async function remove(id: string): Promise<boolean> {
    if (!messages.delete(id)) return false;
    changes.remove(id);
    await stored.delete(id);
    return true;
  }

  /** One message that cannot be read must not keep the others from being shown. */
  async function read(key: string): Promise<StoredMessage | undefined> {
    try {
      return await stored.get(key);
    } catch (error) {
      if (!(error instanceof UnreadableValue)) throw error;
      log.warn({ err: error, key }, 'a message of the playground cannot be read and is left out');
      return undefined;
    }
  }

  return {
    changes,
    async load() {
      const found: StoredMessage[] = [];
      for await (const key of stored.keys()) {
        const message = await read(key);
        if (message !== undefined) found.push(message);
      }
      for (const message of found.sort((a, b) => a.order - b.order)) {
        lastOrder = message.order;
        show(message);
      }
    },
    find: (id) => messages.get(id),
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
        log.warn({ err: error }, 'an answer of the playground could not be stored on its way');
      } finally {
        const newest = messages.get(message.id);
        if (newest !== undefined) show(newest);
      }
    },
    remove,
    newestWithButton: (answerId) =>
      messages
        .values()
        .filter((message) => message.kind === 'answer')
        .filter(({ buttons }) => buttons.some((button) => button.answerId === answerId))
        .toArray()
        .at(-1),
    hasReplies,
    thread: (rootId) =>
      messages
        .values()
        .filter(({ id, thread, audience }) => audience === null && (id === rootId || thread === rootId))
        .toArray()
        .toSorted((a, b) => a.order - b.order),
    setActivity(id, activity, audience) {
      const key = `activity/${id}`;
      if (activity === null) changes.remove(key);
      else changes.put(key, activity, audience);
    },
    touchStatus: () => changes.put('status', { kind: 'status' }, null),
  };
}
