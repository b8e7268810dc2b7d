import {
  type APIThreadChannel,
  type Client,
  type Entitlement,
  Events,
  GatewayDispatchEvents,
  type GatewayMessageDeleteBulkDispatchData,
  type GatewayMessageDeleteDispatchData,
  type GatewayMessageUpdateDispatchData,
  type Message,
  MessageType,
} from 'discord.js';
import { BoundedMap } from '../../core/kit/bounded-map.ts';
import type { Background } from '../../core/kit/time/repeat.ts';
import type { PostedMessage } from '../../core/ports/events.ts';
import { eventId } from './gateway/places.ts';
import type { InteractionContext } from './interactions/context.ts';
import { createInteractionHandler } from './interactions/handle-interaction.ts';
import { asApiMessage } from './messages/message-parts.ts';
import { catchUpMissed } from './messages/missed.ts';
import { createMessageReader } from './messages/read-message.ts';

/** Connects the gateway's events to their handlers. */
export function listen(client: Client, context: InteractionContext): Background {
  const { discord, dispatch, entitlements } = context;
  const { tasks } = discord;
  const handleInteraction = createInteractionHandler(context);
  const read = createMessageReader(discord, dispatch);
  const takeReferenced = rememberReferenced(client);
  client.on(Events.InteractionCreate, (interaction) =>
    tasks.run('handle an interaction', (signal) => handleInteraction(interaction, signal)),
  );
  client.on(Events.MessageCreate, (message) =>
    tasks.run('handle a message', async () => {
      const posted = await read(message, takeReferenced(message.id));
      if (posted !== null) await dispatch.message(posted);
    }),
  );
  /** Reads a message that did not come as a new one. */
  async function readBack(message: Message): Promise<PostedMessage | null> {
    // The replied-to message is only fetched if the message is for the bot.
    const posted = await read(message, undefined);
    if (posted === null || message.type !== MessageType.Reply) return posted;
    const target = await message.fetchReference().catch(() => null);
    return target === null ? posted : read(message, asApiMessage(target));
  }
  const watching = catchUpMissed({ client, discord, dispatch, read: readBack });
  const retract = (id: string) =>
    tasks.run('handle the deletion of a message', () => dispatch.retract(eventId(id), id));
  // discord.js itself reports deletions only of cached messages, or with an event per edit as well.
  client.ws.on(GatewayDispatchEvents.MessageDelete, ({ id }: GatewayMessageDeleteDispatchData) =>
    retract(id),
  );
  client.ws.on(GatewayDispatchEvents.MessageDeleteBulk, ({ ids }: GatewayMessageDeleteBulkDispatchData) => {
    for (const id of ids) retract(id);
  });
  // As for deletions. Updates that are not edits have no time, or that of an earlier edit.
  client.ws.on(GatewayDispatchEvents.MessageUpdate, (update: GatewayMessageUpdateDispatchData) => {
    if (!update.edited_timestamp || update.author?.bot) return;
    tasks.run('handle the edit of a message', async () => {
      if (!(await dispatch.wasAsked(eventId(update.id)))) return;
      const channel = await client.channels.fetch(update.channel_id);
      if (!channel?.isTextBased()) return;
      const message = await channel.messages.fetch({ message: update.id, cache: false, force: true });
      const posted = await readBack(message);
      const editedAt = message.editedTimestamp?.toString() ?? null;
      if (posted !== null) await dispatch.edited({ message: posted, editedAt });
    });
  });
  client.ws.on(GatewayDispatchEvents.ThreadUpdate, ({ id, thread_metadata: state }: APIThreadChannel) => {
    if (!(state?.locked && state.archived)) dispatch.unlocked('discord', id);
  });
  // Discord does not report threads that were unlocked before the session began.
  client.on(Events.ShardReady, () => dispatch.unlocked('discord', null));
  if (entitlements === null) return watching;
  const reread = (changed: Entitlement) =>
    tasks.run('read what was bought', (signal) => entitlements.reread(changed, signal));
  client.on(Events.EntitlementCreate, reread);
  client.on(Events.EntitlementUpdate, (_before, changed) => reread(changed));
  client.on(Events.EntitlementDelete, reread);
  return watching;
}

/** Messages that arrived and are not handled yet; discord.js emits a message right after its packet, or at the end of its start. */
const MAX_REMEMBERED = 200;

/**
 * Keeps the messages that others reply to. Discord sends them along, but discord.js keeps them only in a message cache, which
 * is off.
 *
 * @returns a function from a message's id to the message that it replies to, in the API's form; undefined if there is none, if
 * that was deleted, or if it was taken before
 */
function rememberReferenced(client: Client): (messageId: string) => unknown {
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
