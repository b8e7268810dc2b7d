import { ApiError } from '../api-error.ts';
import { contentOf } from '../content.ts';
import { asString } from '../json.ts';
import {
  channelOf,
  channelToWrite,
  hideInNewThread,
  type MethodContext,
  type Methods,
  messageJson,
  notePings,
  ownMessage,
  threadOf,
} from '../method.ts';
import type { SlackChannel, SlackMessage } from '../workspace.ts';

export const chatMethods = {
  'chat.postMessage': {
    tier: 't5',
    scope: 'chat:write',
    postsTo: (args) => asString(args['channel']),
    handle(args, context) {
      const channel = channelToWrite(args, context);
      if (channel.kind === 'im' && !context.app.features.messagesTab)
        throw new ApiError('messages_tab_disabled');
      const threadTs = threadOf(args, channel, context);
      const message = context.workspace.add({
        channel: channel.id,
        threadTs,
        user: context.app.botUserId,
        botId: context.app.botId,
        ephemeralTo: null,
        content: contentOf(args, 'post', context.report),
        metadata: args['metadata'],
        files: [],
        stream: null,
      });
      notePings(message, args, context);
      context.emit(messageEvent(message, channel, context));
      return { channel: channel.id, ts: message.ts, message: messageJson(message, context) };
    },
  },

  'chat.postEphemeral': {
    tier: 't4',
    scope: 'chat:write',
    handle(args, context) {
      const channel = channelToWrite(args, context);
      const user = asString(args['user']);
      if (!channel.members.has(user)) throw new ApiError('user_not_in_channel');
      const message = context.workspace.add({
        channel: channel.id,
        threadTs: threadOf(args, channel, context),
        user: context.app.botUserId,
        botId: context.app.botId,
        ephemeralTo: user,
        content: contentOf(args, 'post', context.report),
        metadata: undefined,
        files: [],
        stream: null,
      });
      notePings(message, args, context);
      hideInNewThread(message, context);
      return { message_ts: message.ts };
    },
  },

  'chat.update': {
    tier: 't3',
    scope: 'chat:write',
    handle(args, context) {
      const channel = channelToWrite(args, context);
      const message = ownMessage(args, channel, context);
      if (context.workspace.isStreaming(message)) throw new ApiError('streaming_state_conflict');
      const before = messageJson(message, context);
      context.workspace.replace(message, contentOf(args, 'update', context.report, message.content));
      if (args['metadata'] !== undefined) message.metadata = args['metadata'];
      notePings(message, args, context);
      const after = messageJson(message, context);
      context.emit({
        type: 'message',
        subtype: 'message_changed',
        hidden: true,
        channel: channel.id,
        channel_type: channel.kind,
        message: after,
        previous_message: before,
        ts: context.workspace.nextTs(),
        event_ts: message.ts,
      });
      return { channel: channel.id, ts: message.ts, text: message.content.text, message: after };
    },
  },

  'chat.delete': {
    tier: 't3',
    scope: 'chat:write',
    handle(args, context) {
      const channel = channelToWrite(args, context);
      const message = ownMessage(args, channel, context);
      message.deleted = true;
      return { channel: channel.id, ts: message.ts };
    },
  },

  'chat.getPermalink': {
    tier: 't5',
    scope: null,
    handle(args, context) {
      const channel = channelOf(args, context);
      const message = context.workspace.find(channel.id, asString(args['message_ts']));
      if (message === undefined) throw new ApiError('message_not_found');
      const path = `archives/${channel.id}/p${message.ts.replace('.', '')}`;
      return { channel: channel.id, permalink: `https://fake.slack.com/${path}` };
    },
  },
} as const satisfies Methods;

/** The event of a new message, as its channel's subscribers get it. */
export function messageEvent(message: SlackMessage, channel: SlackChannel, context: MethodContext) {
  const root = message.threadTs === null ? undefined : context.workspace.find(channel.id, message.threadTs);
  return {
    ...messageJson(message, context),
    channel: channel.id,
    channel_type: channel.kind,
    event_ts: message.ts,
    ...(root === undefined ? {} : { parent_user_id: root.user }),
    ...(message.files.length > 0 && message.botId === null ? { subtype: 'file_share' } : {}),
  };
}
