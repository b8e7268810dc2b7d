import { ApiError } from '../api-error.ts';
import { asList, asString, type Json } from '../json.ts';
import { channelOf, type MethodContext, type Methods } from '../method.ts';

const STATUSES = new Set(['active', 'processing', 'suspended', 'closed']);

/** Agent sessions that the fake remembers, by `<channel>:<thread>`. */
export interface AgentSessions {
  /** Lifecycle status, newest last. */
  readonly statuses: Map<string, string[]>;
  readonly titles: Map<string, string>;
  /** Suggested prompts by channel. */
  readonly prompts: Map<string, readonly Json[]>;
}

export function createAgentMethods(sessions: AgentSessions): Methods {
  function note(args: Json, context: MethodContext, status: string): void {
    const channel = channelOf(args, context, 'channel_id');
    const thread = asString(args['thread_ts']);
    if (context.workspace.find(channel.id, thread) === undefined) throw new ApiError('invalid_thread_ts');
    const key = `${channel.id}:${thread}`;
    sessions.statuses.set(key, [...(sessions.statuses.get(key) ?? []), status]);
  }

  return {
    'agents.sessions.setStatus': {
      tier: 't3',
      scope: 'chat:write',
      handle(args, context) {
        if (!context.app.features.agentView) throw new ApiError('feature_disabled');
        const status = asString(args['status']);
        if (!STATUSES.has(status)) throw new ApiError('invalid_status');
        if (args['thread_ts'] === undefined) throw new ApiError('thread_ts_required');
        note(args, context, status);
        return { status, agent_status: status };
      },
    },

    'agents.sessions.rename': {
      tier: 't3',
      scope: 'chat:write',
      handle(args, context) {
        if (!context.app.features.agentView) throw new ApiError('feature_disabled');
        sessions.titles.set(
          `${asString(args['channel_id'])}:${asString(args['thread_ts'])}`,
          asString(args['title']),
        );
        return {};
      },
    },

    'assistant.threads.setStatus': {
      tier: 't5',
      scope: 'chat:write',
      handle(args, context) {
        note(args, context, asString(args['status']));
        return {};
      },
    },

    'assistant.threads.setTitle': {
      tier: 't4',
      scope: 'assistant:write',
      handle(args) {
        sessions.titles.set(
          `${asString(args['channel_id'])}:${asString(args['thread_ts'])}`,
          asString(args['title']),
        );
        return {};
      },
    },

    'assistant.threads.setSuggestedPrompts': {
      tier: 't4',
      scope: 'assistant:write',
      handle(args, context) {
        if (!context.app.features.agentView) throw new ApiError('feature_disabled');
        const channel = channelOf(args, context, 'channel_id');
        const prompts = asList(args['prompts']);
        if (prompts.length < 1 || prompts.length > 4) throw new ApiError('invalid_arguments');
        sessions.prompts.set(channel.id, prompts);
        return {};
      },
    },
  };
}
