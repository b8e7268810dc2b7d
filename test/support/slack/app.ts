import { asList, asString, isJson, type Json } from './json.ts';

/** The app as it is installed in the workspace: what its manifest asked for. */
export interface App {
  readonly botUserId: string;
  readonly botId: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly signingSecret: string;
  scopes: ReadonlySet<string>;
  /** Subscriptions as a manifest names them: `app_mention`, `message.im` … */
  events: ReadonlySet<string>;
  commands: ReadonlySet<string>;
  /** Those of the commands that declare `should_escape`. */
  escaped: ReadonlySet<string>;
  shortcuts: ReadonlySet<string>;
  features: Features;
}

/** Features that the app declares and the workspace's plan offers. */
export interface Features {
  readonly agentView: boolean;
  readonly streaming: boolean;
  readonly homeTab: boolean;
  readonly messagesTab: boolean;
}

/** The grants of an installation from a manifest. */
export function grantsOf(
  manifest: Json,
): Pick<App, 'scopes' | 'events' | 'commands' | 'escaped' | 'shortcuts' | 'features'> {
  const features = child(manifest, 'features');
  const home = child(features, 'app_home');
  const settings = child(manifest, 'settings');
  const commands = asList(features['slash_commands']);
  const names = (of: readonly Json[]) => new Set(of.map((command) => asString(command['command'])));
  return {
    scopes: new Set(strings(child(child(manifest, 'oauth_config'), 'scopes')['bot'])),
    events: new Set(strings(child(settings, 'event_subscriptions')['bot_events'])),
    commands: names(commands),
    escaped: names(commands.filter((command) => command['should_escape'] === true)),
    shortcuts: new Set(asList(features['shortcuts']).map((shortcut) => asString(shortcut['callback_id']))),
    features: {
      agentView: isJson(features['agent_view']),
      streaming: true,
      homeTab: home['home_tab_enabled'] === true,
      messagesTab: home['messages_tab_enabled'] === true && home['messages_tab_read_only_enabled'] !== true,
    },
  };
}

function child(parent: Json, name: string): Json {
  const value = parent[name];
  return isJson(value) ? value : {};
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(asString) : [];
}
