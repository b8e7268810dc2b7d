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
  /** The values that readers follow: messages by id, activities as `activity/<id>`, and `status`. */
  readonly changes: ChangeLog<Item>;
  /** Loads the messages of earlier processes. */
  load(): Promise<void>;
  find(id: string): StoredMessage | undefined;
  /** Stores the message, then shows it. If a message with the draft's id exists, resolves to that. */
  post(draft: Draft): Promise<StoredMessage>;
  /**
   * Stores the message, then shows it, so that a dying process takes nothing back. If the store fails, shows it anyway and
   * rejects, unless another state follows soon (`isInterim`; default false).
   */
  replace(message: StoredMessage, isInterim?: boolean): Promise<void>;
  /** False if it was gone. */
  remove(id: string): Promise<boolean>;
  /** The newest message with a button of this answer. */
  newestWithButton(answerId: string): StoredAnswer | undefined;
  /** Whether the thread below this message has any messages. */
  hasReplies(id: string): boolean;
  /** The first message of a thread and its messages for everybody, oldest first. */
  thread(rootId: string): readonly StoredMessage[];
  setActivity(id: string, activity: ActivityItem | null, audience: string | null): void;
  /** Reports that the bar's content may have changed. */
  touchStatus(): void;
}

/** If there are more, the oldest are deleted. This many still load at once. */
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

  /** Not the first message of a thread, which goes after its last reply. */
  async function forgetOldest(): Promise<void> {
    try {
      for (const { id } of messages.values()) {
        if (messages.size <= MAX_MESSAGES) return;
        if (!hasReplies(id)) await remove(id);
      }
    } catch (error) {
      log.warn(
        { err: error },
        'could not delete an old message of the playground; retrying at the next start',
      );
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

  /** One unreadable message must not hide the others. */
  async function read(key: string): Promise<StoredMessage | undefined> {
    try {
      return await stored.get(key);
    } catch (error) {
      if (!(error instanceof UnreadableValue)) throw error;
      log.warn({ err: error, key }, 'skipped an unreadable message of the playground');
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
        log.warn({ err: error }, 'could not store an interim state of an answer in the playground');
      } finally {
        const newest = messages.get(message.id);
        if (newest !== undefined) show(newest);
      }
    },
    remove,
    newestWithButton: (answerId) =>
      [...messages.values()]
        .filter((message) => message.kind === 'answer')
        .findLast(({ buttons }) => buttons.some((button) => button.answerId === answerId)),
    hasReplies,
    thread: (rootId) =>
      [...messages.values()]
        .filter(({ id, thread, audience }) => audience === null && (id === rootId || thread === rootId))
        .sort((a, b) => a.order - b.order),
    setActivity(id, activity, audience) {
      const key = `activity/${id}`;
      if (activity === null) changes.remove(key);
      else changes.put(key, activity, audience);
    },
    touchStatus: () => changes.put('status', { kind: 'status' }, null),
  };
}
