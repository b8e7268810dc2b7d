import { clip } from '../../core/kit/text/text-size.ts';
import { type CommandDeclaration, inWordsOf } from '../../core/ports/command.ts';
import { AGENT_EVENTS, AGENT_SCOPES, EVENTS, OPTIONAL_SCOPES, REQUIRED_SCOPES } from './api/scopes.ts';
import { SIZES } from './api/sizes.ts';
import { usage } from './commands/arguments.ts';
import { ASK_ABOUT, DELETE_ANSWER, menuOf } from './commands/shortcuts.ts';
import { EVENTS_PATH } from './transport/http.ts';

export interface ManifestOptions {
  readonly commands: readonly CommandDeclaration[];
  /** The address at which Slack reaches the bot, such as `https://parley.example.com`; null for Socket Mode. */
  readonly url: string | null;
  /** Whether to declare Slack's agent view. */
  readonly agentView: boolean;
}

/** The app's manifest for Slack's “From a manifest”, made from the declarations. */
export function createManifest({ commands, url, agentView }: ManifestOptions): object {
  const requestUrl = url === null ? {} : { request_url: `${url.replace(/\/+$/, '')}${EVENTS_PATH}` };
  const optionsUrl = url === null ? {} : { message_menu_options_url: requestUrl.request_url };
  return {
    display_information: {
      name: 'Parley',
      description: 'Ask language models, in threads',
      background_color: '#24292f',
    },
    features: {
      app_home: { home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: false },
      bot_user: { display_name: 'Parley', always_online: true },
      shortcuts: [
        shortcut('Ask about this message', ASK_ABOUT, 'Ask a language model about it'),
        ...commands.flatMap((command) =>
          command.menu === undefined ? [] : shortcut(command.menu, menuOf(command), command.description),
        ),
        shortcut('Delete this answer', DELETE_ANSWER, 'Delete an answer here and from the bot’s memory'),
      ],
      slash_commands: commands
        .map((each) => inWordsOf('slack', each))
        .map((command) => ({
          command: `/${command.name}`,
          description: clip(command.description, SIZES.commandDescription),
          ...hintOf(command),
          // Questions go to the model as they were typed; other options name people and groups by their ids.
          should_escape: command.reply === 'private',
          ...(url === null ? {} : { url: requestUrl.request_url }),
        })),
      ...(agentView ? { agent_view: AGENT_VIEW } : {}),
    },
    oauth_config: {
      scopes: {
        bot: [
          ...REQUIRED_SCOPES,
          ...Object.keys(OPTIONAL_SCOPES),
          ...(agentView ? AGENT_SCOPES : []),
        ].toSorted(),
      },
    },
    settings: {
      event_subscriptions: {
        ...requestUrl,
        bot_events: [...Object.keys(EVENTS), ...(agentView ? AGENT_EVENTS : [])].toSorted(),
      },
      interactivity: { is_enabled: true, ...requestUrl, ...optionsUrl },
      org_deploy_enabled: false,
      socket_mode_enabled: url === null,
      token_rotation_enabled: false,
    },
  };
}

function shortcut(name: string, callback_id: string, description: string): object {
  return {
    name,
    type: 'message',
    callback_id,
    description: clip(description, SIZES.commandDescription),
  };
}

const AGENT_VIEW = {
  agent_description: 'Answers questions with the language models that this workspace may use.',
  suggested_prompts: [
    { title: 'Explain something', message: 'Explain how HTTPS keeps a connection private, in simple words.' },
    {
      title: 'Draft a message',
      message: 'Draft a short, friendly message that moves a meeting to next week.',
    },
    {
      title: 'Write some code',
      message: 'Write a TypeScript function that groups a list by a key, with a test.',
    },
    { title: 'Compare options', message: 'Compare SQLite and PostgreSQL for a small web application.' },
  ],
};

/** The hint that Slack shows after the command while it is typed: the options without the command. */
function hintOf(command: CommandDeclaration): { readonly usage_hint?: string } {
  const hint = usage(command)
    .replaceAll('`', '')
    .replace(/^Type \/\S+\s*/, '')
    .replace(/\.$/, '');
  return hint === '' ? {} : { usage_hint: clip(hint, SIZES.usageHint) };
}
