import { ApiError } from '../api-error.ts';
import { asString, type Json } from '../json.ts';
import { channelOf, type MethodContext, type Methods, messageJson, pageOf, scopeByKind } from '../method.ts';
import type { SlackChannel, SlackMessage } from '../workspace.ts';

/** The name of each kind in `users.conversations`. */
const TYPES: Record<SlackChannel['kind'], string> = {
  channel: 'public_channel',
  group: 'private_channel',
  mpim: 'mpim',
  im: 'im',
};

export const conversationMethods = {
  'conversations.info': {
    tier: 't3',
    scope: scopeByKind('read'),
    handle(args, context) {
      return { channel: channelJson(channelOf(args, context), context) };
    },
  },

  'users.conversations': {
    tier: 't3',
    scope: 'channels:read',
    handle(args, context) {
      const types = asString(args['types']).split(',');
      const wantsArchived = String(args['exclude_archived']) !== 'true';
      const channels = [...context.workspace.channels.values()].filter(
        ({ kind, members, archived }) =>
          members.has(context.app.botUserId) && types.includes(TYPES[kind]) && (wantsArchived || !archived),
      );
      const { items, next_cursor } = pageOf(channels, args);
      return {
        // Without `is_member`: docs.slack.dev/reference/methods/users.conversations.
        channels: items.map((channel) => ({ ...channelJson(channel, context), is_member: undefined })),
        response_metadata: { next_cursor },
      };
    },
  },

  'conversations.open': {
    tier: 't3',
    scope: 'im:write',
    handle(args, { workspace, app }) {
      const user = workspace.users.get(asString(args['users']));
      if (user === undefined) throw new ApiError('user_not_found');
      if (user.isBot) throw new ApiError('cannot_dm_bot');
      if (user.deleted) throw new ApiError('user_disabled');
      return { channel: { id: workspace.directMessageWith(user.id, app.botUserId).id } };
    },
  },

  'conversations.join': {
    tier: 't3',
    scope: 'channels:join',
    handle(args, context) {
      const channel = channelOf(args, context);
      if (channel.kind !== 'channel') throw new ApiError('method_not_supported_for_channel_type');
      channel.members.add(context.app.botUserId);
      return { channel: channelJson(channel, context) };
    },
  },

  'conversations.members': {
    tier: 't4',
    scope: scopeByKind('read'),
    handle(args, context) {
      return { members: [...channelOf(args, context).members], response_metadata: { next_cursor: '' } };
    },
  },

  'conversations.history': {
    tier: 't3',
    scope: scopeByKind('history'),
    handle(args, context) {
      const channel = readable(args, context);
      return page(context.workspace.list(channel.id).reverse(), args, context);
    },
  },

  'conversations.replies': {
    tier: 't3',
    scope: scopeByKind('history'),
    handle(args, context) {
      const channel = readable(args, context);
      const thread = context.workspace.list(channel.id, asString(args['ts']));
      if (thread.length === 0) throw new ApiError('thread_not_found');
      return page(thread, args, context);
    },
  },
} as const satisfies Methods;

function readable(args: Json, context: MethodContext): SlackChannel {
  const channel = channelOf(args, context);
  if (!channel.members.has(context.app.botUserId)) throw new ApiError('not_in_channel');
  return channel;
}

function page(messages: SlackMessage[], args: Json, context: MethodContext): Json {
  const oldest = args['oldest'] === undefined ? '' : asString(args['oldest']);
  const latest = args['latest'] === undefined ? '~' : asString(args['latest']);
  const inclusive = String(args['inclusive']) === 'true';
  const withMetadata = String(args['include_all_metadata']) === 'true';
  const matching = messages.filter(
    ({ ts }) => (ts > oldest && ts < latest) || (inclusive && (ts === oldest || ts === latest)),
  );
  const { items, next_cursor } = pageOf(matching, args);
  return {
    messages: items.map((message) => ({
      ...messageJson(message, context),
      ...(withMetadata && message.metadata !== undefined ? { metadata: message.metadata } : {}),
    })),
    has_more: next_cursor !== '',
    response_metadata: { next_cursor },
  };
}

function channelJson(channel: SlackChannel, { app }: MethodContext): Json {
  return {
    id: channel.id,
    name: channel.name,
    is_channel: channel.kind === 'channel',
    is_group: channel.kind === 'group',
    is_im: channel.kind === 'im',
    is_mpim: channel.kind === 'mpim',
    is_private: channel.kind !== 'channel',
    is_archived: channel.archived,
    is_member: channel.members.has(app.botUserId),
    ...channel.restriction?.properties,
  };
}
