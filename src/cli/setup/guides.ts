import { createManifest } from '../../adapters/slack/manifest.ts';
import type { Check } from '../../app/checks/check.ts';
import { checkDiscord } from '../../app/checks/discord.ts';
import { checkKeys } from '../../app/checks/doctor.ts';
import { checkSlack } from '../../app/checks/slack.ts';
import type { Config } from '../../app/config/variables.ts';
import type { Means } from '../../app/means.ts';
import type { CommandDeclaration } from '../../core/ports/command.ts';

/** A step of the setup: a group of answers, and how to check them. */
export interface Guide {
  readonly names: readonly Secret[];
  readonly title: string;
  readonly question: string;
  readonly byDefault: boolean;
  /** The page where the values are found, and the steps there. */
  readonly link: string;
  readonly steps: string;
  /** To copy, shown above the steps. Default: nothing. */
  readonly copy?: string;
  check(config: Config, variables: NodeJS.Dict<string>): Promise<readonly Check[]>;
}

export type Secret =
  | 'OPENROUTER_API_KEY'
  | 'OPENAI_API_KEY'
  | 'DISCORD_TOKEN'
  | 'SLACK_BOT_TOKEN'
  | 'SLACK_APP_TOKEN';

export interface GuideOptions extends Means {
  readonly commands: readonly CommandDeclaration[];
}

export function createGuides({ commands, fetch, clock, log }: GuideOptions): readonly Guide[] {
  const checkProvider: Guide['check'] = (config, variables) =>
    checkKeys({ config, variables, fetch, clock, log });
  return [
    {
      names: ['OPENROUTER_API_KEY'],
      title: 'OpenRouter',
      question: 'Use OpenRouter, which serves most models?',
      byDefault: true,
      link: 'https://openrouter.ai/settings/keys',
      steps: 'Press “Create API Key” and copy the key.',
      check: checkProvider,
    },
    {
      names: ['OPENAI_API_KEY'],
      title: 'OpenAI',
      question: 'Use OpenAI directly too?',
      byDefault: false,
      link: 'https://platform.openai.com/api-keys',
      steps: 'Press “Create new secret key” and copy the key.',
      check: checkProvider,
    },
    {
      names: ['DISCORD_TOKEN'],
      title: 'Discord',
      question: 'Answer on Discord?',
      byDefault: true,
      link: 'https://discord.com/developers/applications',
      steps: [
        '1. “New Application”, name it, “Create”.',
        '2. “Bot”: switch on “Message Content Intent”, “Save Changes”.',
        '3. “Reset Token”, “Copy”.',
      ].join('\n'),
      check: (config) => checkDiscord({ config, commands, fetch, clock }),
    },
    {
      names: ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN'],
      title: 'Slack',
      question: 'Answer on Slack?',
      byDefault: false,
      link: 'https://api.slack.com/apps',
      steps: [
        '1. “Create New App”, “From a manifest”, your workspace, “JSON”: paste the manifest above, “Create”.',
        '2. “Install App”, “Install to Workspace”, “Allow”: copy the Bot User OAuth Token (xoxb-…).',
        '3. “Basic Information”, “App-Level Tokens”, “Generate Token and Scopes”, add connections:write: copy it (xapp-…).',
      ].join('\n'),
      copy: JSON.stringify(createManifest({ commands, url: null, agentView: false })),
      check: (config) => checkSlack({ config, fetch }),
    },
  ];
}
