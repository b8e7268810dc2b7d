import { ApiError } from '../api-error.ts';
import { asString, type Json } from '../json.ts';
import { channelOf, type MethodContext, type Methods, pageOf } from '../method.ts';
import type { SlackMessage, SlackUser } from '../workspace.ts';

export const basicMethods = {
  'auth.test': {
    tier: 't5',
    scope: null,
    handle(_args, { workspace, app }) {
      return {
        url: 'https://fake.slack.com/',
        team: 'Fake',
        user: 'parley',
        team_id: workspace.teamId,
        user_id: app.botUserId,
        bot_id: app.botId,
        is_enterprise_install: false,
      };
    },
  },

  'apps.connections.open': {
    tier: 't5',
    scope: null,
    token: 'app',
    handle: (_args, context) => ({ url: context.socketTicket() }),
  },

  'bots.info': {
    tier: 't3',
    scope: 'users:read',
    handle(args, { app }) {
      if (args['bot'] !== app.botId) throw new ApiError('bot_not_found');
      return {
        bot: { id: app.botId, app_id: 'A0PARLEY', user_id: app.botUserId, name: 'parley', deleted: false },
      };
    },
  },

  'usergroups.list': {
    tier: 't2',
    scope: 'usergroups:read',
    handle: (args, { workspace }) => ({
      usergroups: [...workspace.userGroups.values()].map(({ id, handle, users }) => ({
        id,
        team_id: workspace.teamId,
        is_usergroup: true,
        handle,
        name: handle,
        date_delete: 0,
        user_count: users.size,
        ...(String(args['include_users']) === 'true' ? { users: [...users] } : {}),
      })),
    }),
  },

  'users.info': {
    tier: 't4',
    scope: 'users:read',
    handle(args, { workspace }) {
      const user = workspace.users.get(asString(args['user']));
      if (user === undefined) throw new ApiError('user_not_found');
      // Whether `users.list` has this too is not documented, so it does not.
      const org = user.orgTeams === undefined ? {} : { enterprise_user: { teams: user.orgTeams } };
      return { user: { ...userJson(user, workspace.teamId), ...org } };
    },
  },

  'users.list': {
    tier: 't2',
    scope: 'users:read',
    handle(args, { workspace }) {
      if (args['limit'] === undefined) throw new ApiError('limit_required');
      const { items, next_cursor } = pageOf([...workspace.users.values()], args);
      return {
        members: items.map((user) => userJson(user, workspace.teamId)),
        response_metadata: { next_cursor },
      };
    },
  },

  'reactions.add': {
    tier: 't3',
    scope: 'reactions:write',
    handle(args, context) {
      const message = reactedTo(args, context);
      const name = asString(args['name']);
      const users = message.reactions.get(name) ?? new Set();
      if (users.has(context.app.botUserId)) throw new ApiError('already_reacted');
      message.reactions.set(name, users.add(context.app.botUserId));
      return {};
    },
  },

  'reactions.remove': {
    tier: 't2',
    scope: 'reactions:write',
    handle(args, context) {
      const message = reactedTo(args, context);
      const name = asString(args['name']);
      const users = message.reactions.get(name);
      if (!users?.delete(context.app.botUserId)) throw new ApiError('no_reaction');
      if (users.size === 0) message.reactions.delete(name);
      return {};
    },
  },
} as const satisfies Methods;

function reactedTo(args: Json, context: MethodContext): SlackMessage {
  const channel = channelOf(args, context);
  if (!channel.members.has(context.app.botUserId)) throw new ApiError('not_in_channel');
  const message = context.workspace.find(channel.id, asString(args['timestamp']));
  if (message === undefined) throw new ApiError('message_not_found');
  return message;
}

function userJson(user: SlackUser, teamId: string) {
  return {
    id: user.id,
    team_id: user.teamId,
    name: user.name.toLowerCase(),
    real_name: user.name,
    deleted: user.deleted,
    is_admin: user.isAdmin,
    is_owner: user.isOwner,
    is_bot: user.isBot,
    is_restricted: user.isGuest,
    is_ultra_restricted: false,
    is_stranger: user.teamId !== teamId,
    profile: { display_name: user.name, real_name: user.name },
  };
}
