import type { MessageEvent } from './payloads.ts';

/** `message` events whose `app_mention` may be handled already, because that does not list attachments. */
export interface Twins {
  note(id: string, event: MessageEvent): void;
  get(id: string): MessageEvent | undefined;
  forget(id: string): void;
}

/** Events whose mention another process handles are never asked for. */
const MAX_REMEMBERED = 1_000;

export function createTwins(): Twins {
  const events = new Map<string, MessageEvent>();
  return {
    note(id, event) {
      events.set(id, event);
      const [oldest] = events.keys();
      if (events.size > MAX_REMEMBERED && oldest !== undefined) events.delete(oldest);
    },
    get: (id) => events.get(id),
    forget: (id) => void events.delete(id),
  };
}
