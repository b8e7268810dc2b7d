import { apiError } from './errors.ts';
import type { Announcer } from './events.ts';
import { parseMessage, parseThread } from './limits.ts';
import { isThread, type MessageBoard } from './messages.ts';
import { may, type PermissionName } from './permissions.ts';
import type { Call, Route } from './router.ts';
import { channelJson, messageJson } from './wire.ts';
import { CHANNEL, type Channel, type Message, messagesIn, type World } from './world.ts';

/** Messages, threads, typing and reactions, each with the permissions that it needs. */
export function channelRoutes(
  world: World,
  board: MessageBoard,
  announce: Announcer,
  typing: { channelId: string; atMs: number }[],
): Route[] {
  const me = world.application.bot.id;
  const bot = true;

  function require(channel: Channel, ...permissions: PermissionName[]): void {
    if (!permissions.every((permission) => may(world, channel, me, permission))) {
      throw apiError('missingPermissions');
    }
  }

  function visible({ params }: Call): Channel {
    const channel = world.channels.get(params['channel'] ?? '');
    if (!channel) throw apiError('unknownChannel');
    const privateToOthers = channel.type === CHANNEL.privateThread && !channel.thread?.memberIds.has(me);
    if (!may(world, channel, me, 'ViewChannel') || privateToOthers) throw apiError('missingAccess');
    return channel;
  }

  function messageOf(channel: Channel, { params }: Call): Message {
    const message = world.messages.get(params['message'] ?? '');
    // Ephemeral messages do not exist for the channel's routes.
    if (!message || message.channelId !== channel.id || message.ephemeralTo !== null) {
      throw apiError('unknownMessage');
    }
    return message;
  }

  function requireSend(channel: Channel): void {
    const { thread } = channel;
    if (thread?.locked && !may(world, channel, me, 'ManageThreads')) throw apiError('threadLocked');
    require(channel, thread ? 'SendMessagesInThreads' : 'SendMessages');
    const other = world.users.get(channel.recipientIds.find((id) => id !== me) ?? '');
    if (other && !other.acceptsDms) throw apiError('cannotMessageUser');
  }

  function openThread(call: Call, fromMessage: Message | undefined): object {
    const channel = visible(call);
    const body = parseThread(call.body);
    if (isThread(channel) || channel.guildId === null) throw apiError('wrongChannelType');
    if (fromMessage?.threadId) throw apiError('threadExists');
    const type = fromMessage ? CHANNEL.publicThread : (body.type ?? CHANNEL.privateThread);
    require(channel, type === CHANNEL.privateThread ? 'CreatePrivateThreads' : 'CreatePublicThreads');
    const thread = board.openThread(channel, {
      name: body.name,
      ownerId: me,
      type,
      ...(fromMessage ? { fromMessage } : {}),
      ...(body.auto_archive_duration ? { autoArchiveMinutes: body.auto_archive_duration } : {}),
    });
    return channelJson(world, thread);
  }

  return [
    {
      method: 'GET',
      path: '/channels/:channel',
      bot,
      handle: (call) => channelJson(world, visible(call)),
    },
    {
      method: 'GET',
      path: '/channels/:channel/messages',
      bot,
      handle: (call) => {
        const channel = visible(call);
        require(channel, 'ReadMessageHistory');
        const after = call.query.get('after');
        const before = call.query.get('before');
        const limit = Number(call.query.get('limit') ?? 50);
        const shown = messagesIn(world, channel.id).filter(
          ({ id, ephemeralTo }) => ephemeralTo === null && (before === null || BigInt(id) < BigInt(before)),
        );
        // The nearest ones after it, and the newest of them first.
        const page =
          after === null
            ? shown.slice(-limit)
            : shown.filter(({ id }) => BigInt(id) > BigInt(after)).slice(0, limit);
        return page.toReversed().map((message) => messageJson(world, message));
      },
    },
    {
      method: 'GET',
      path: '/channels/:channel/messages/:message',
      bot,
      handle: (call) => {
        const channel = visible(call);
        require(channel, 'ReadMessageHistory');
        return messageJson(world, messageOf(channel, call));
      },
    },
    {
      method: 'POST',
      path: '/channels/:channel/messages',
      bot,
      handle: (call) => {
        const channel = visible(call);
        const body = parseMessage(call.body);
        requireSend(channel);
        if (body.embeds?.length) require(channel, 'EmbedLinks');
        if (call.files.length > 0) require(channel, 'AttachFiles');
        if (body.message_reference && !may(world, channel, me, 'ReadMessageHistory')) {
          throw apiError('cannotReplyWithoutHistory');
        }
        return messageJson(world, board.post({ channel, authorId: me, body, files: call.files }));
      },
    },
    {
      method: 'PATCH',
      path: '/channels/:channel/messages/:message',
      bot,
      handle: (call) => {
        const channel = visible(call);
        const message = messageOf(channel, call);
        const body = parseMessage(call.body);
        if (message.authorId !== me) throw apiError('cannotEditOthersMessage');
        if (channel.thread?.archived) throw apiError('archivedThread');
        board.edit(message, body, call.files, 'bot');
        return messageJson(world, message);
      },
    },
    {
      method: 'DELETE',
      path: '/channels/:channel/messages/:message',
      bot,
      handle: (call) => {
        const channel = visible(call);
        const message = messageOf(channel, call);
        if (message.authorId !== me) require(channel, 'ManageMessages');
        if (channel.thread?.archived) throw apiError('archivedThread');
        board.remove(message);
        return undefined;
      },
    },
    {
      method: 'POST',
      path: '/channels/:channel/messages/:message/threads',
      bot,
      handle: (call) => openThread(call, messageOf(visible(call), call)),
    },
    {
      method: 'POST',
      path: '/channels/:channel/threads',
      bot,
      handle: (call) => openThread(call, undefined),
    },
    {
      method: 'PATCH',
      path: '/channels/:channel',
      bot,
      handle: (call) => {
        const channel = visible(call);
        if (!channel.thread) throw apiError('wrongChannelType');
        const { archived, name } = call.body as { archived?: boolean; name?: string };
        // Whoever may write in a thread can open it, unless it is locked; all else is for its creator and managers.
        const isOpening = archived === false && name === undefined && !channel.thread.locked;
        if (isOpening) require(channel, 'SendMessagesInThreads');
        else if (channel.thread.ownerId !== me || channel.thread.locked) require(channel, 'ManageThreads');
        if (name !== undefined) channel.name = parseThread({ name }).name;
        if (archived !== undefined) board.setArchived(channel, archived);
        else announce.channelUpdated(channel);
        return channelJson(world, channel);
      },
    },
    {
      method: 'DELETE',
      path: '/channels/:channel',
      bot,
      handle: (call) => {
        const channel = visible(call);
        if (!channel.thread) throw apiError('wrongChannelType');
        require(channel, 'ManageThreads');
        announce.channelDeleted(channel);
        world.channels.delete(channel.id);
        return channelJson(world, channel);
      },
    },
    {
      method: 'PUT',
      path: '/channels/:channel/thread-members/@me',
      bot,
      handle: (call) => {
        const channel = visible(call);
        if (channel.thread?.archived) throw apiError('archivedThread');
        channel.thread?.memberIds.add(me);
        return undefined;
      },
    },
    {
      method: 'POST',
      path: '/channels/:channel/typing',
      bot,
      handle: (call) => {
        const channel = visible(call);
        requireSend(channel);
        typing.push({ channelId: channel.id, atMs: world.clock.now() });
        return undefined;
      },
    },
    {
      method: 'PUT',
      path: '/channels/:channel/messages/:message/reactions/:emoji/@me',
      bot,
      handle: (call) => {
        const channel = visible(call);
        const message = messageOf(channel, call);
        require(channel, 'AddReactions', 'ReadMessageHistory');
        const emoji = call.params['emoji'] ?? '';
        const users = message.reactions.get(emoji) ?? new Set();
        message.reactions.set(emoji, users.add(me));
        return undefined;
      },
    },
    {
      method: 'DELETE',
      path: '/channels/:channel/messages/:message/reactions/:emoji/@me',
      bot,
      handle: (call) => {
        messageOf(visible(call), call)
          .reactions.get(call.params['emoji'] ?? '')
          ?.delete(me);
        return undefined;
      },
    },
    {
      method: 'POST',
      path: '/users/@me/channels',
      bot,
      handle: (call) => {
        const { recipient_id: id } = call.body as { recipient_id?: string };
        if (!world.users.has(id ?? '')) throw apiError('unknownUser');
        return channelJson(world, directChannel(world, id ?? ''));
      },
    },
  ];
}

/** The direct-message channel of the bot with somebody, made on first use. */
export function directChannel(world: World, userId: string): Channel {
  const existing = [...world.channels.values()].find(
    (channel) => channel.type === CHANNEL.dm && channel.recipientIds.includes(userId),
  );
  if (existing) return existing;
  const channel: Channel = {
    id: world.nextId(),
    type: CHANNEL.dm,
    guildId: null,
    parentId: null,
    name: '',
    overwrites: [],
    recipientIds: [world.application.bot.id, userId],
    thread: null,
  };
  world.channels.set(channel.id, channel);
  return channel;
}
