import { type Client, GatewayDispatchEvents } from 'discord.js';
import { BoundedMap } from '../../../core/kit/bounded-map.ts';

/** Messages that arrived and are not handled yet; discord.js emits a message right after its packet, or at the end of its start. */
const MAX_REMEMBERED = 200;

/**
 * Keeps the messages that others reply to. Discord sends them along, but discord.js keeps them only in a message cache, which
 * is off.
 *
 * @returns a function from a message's id to the message that it replies to, in the API's form; undefined if there is none, if
 * that was deleted, or if it was taken before
 */
export function rememberReferenced(client: Client): (messageId: string) => unknown {
  const remembered = new BoundedMap<string, unknown>(MAX_REMEMBERED);
  client.ws.on(
    GatewayDispatchEvents.MessageCreate,
    ({ id, referenced_message: referenced }: { id: string; referenced_message?: unknown }) => {
      if (referenced) remembered.set(id, referenced);
    },
  );
  return (messageId) => {
    const referenced = remembered.get(messageId);
    remembered.delete(messageId);
    return referenced;
  };
}
