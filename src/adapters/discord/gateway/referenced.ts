import { type Client, GatewayDispatchEvents } from 'discord.js';
import { BoundedMap } from '../../../core/kit/bounded-map.ts';

/**
 * Keeps the messages that others reply to. Discord sends them along, but discord.js keeps them only in a message cache, which
 * is off. Each can be taken once.
 */
export interface Referenced {
  /** The replied-to message in the API's form; undefined if there is none, or if it was deleted. */
  takeReferenced(messageId: string): unknown;
}

/**
 * Messages that arrived and are not handled yet; discord.js emits a message right after its packet, or at the end of its
 * start.
 */
const MAX_REMEMBERED = 200;

export function rememberReferenced(client: Client): Referenced {
  const remembered = new BoundedMap<string, unknown>(MAX_REMEMBERED);
  client.ws.on(
    GatewayDispatchEvents.MessageCreate,
    ({ id, referenced_message: referenced }: { id: string; referenced_message?: unknown }) => {
      if (referenced) remembered.set(id, referenced);
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
