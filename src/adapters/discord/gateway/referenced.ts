import { type Client, GatewayDispatchEvents } from 'discord.js';

/**
 * Remembers the messages that messages reply to: Discord sends them along, and discord.js keeps them only in a cache of messages,
 * which we have none of. Each can be taken once.
 */
export interface Referenced {
  /** The message that this one replies to, as the API sends it; undefined if it replies to none, or it was deleted. */
  takeReferenced(messageId: string): unknown;
}

/** Those that arrived and were not yet dealt with; discord.js emits a message right after its packet, or at the end of its start. */
const MAX_REMEMBERED = 200;

export function rememberReferenced(client: Client): Referenced {
  const remembered = new Map<string, unknown>();
  client.ws.on(
    GatewayDispatchEvents.MessageCreate,
    ({ id, referenced_message: referenced }: { id: string; referenced_message?: unknown }) => {
      if (!referenced) return;
      remembered.set(id, referenced);
      const [oldest] = remembered.keys();
      if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    },
  );
  return {
    takeReferenced(messageId) {
      const referenced = remembered.get(messageId);
      remembered.delete(messageId);
      return referenced;
    },
  };
}
