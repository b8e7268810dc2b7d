import type { Check } from '../check.ts';
import { type AskModelOptions, askCheapestModel } from './ask-model.ts';
import { onStage, type StageOptions } from './stage.ts';

export interface LiveTarget {
  readonly platform: 'discord' | 'slack';
  readonly channel: string;
}

export type LiveOptions = AskModelOptions & StageOptions;

const TARGETS = {
  discord: /^discord:(?<channel>\d{17,20})$/,
  slack: /^slack:(?<channel>[CDG][A-Z0-9]+)$/,
} as const;

/** Reads `discord:<channel>` or `slack:<channel>`; null if it is neither. */
export function parseLiveTarget(text: string): LiveTarget | null {
  for (const platform of ['discord', 'slack'] as const) {
    const channel = TARGETS[platform].exec(text)?.groups?.['channel'];
    if (channel !== undefined) return { platform, channel };
  }
  return null;
}

/** The variable that a live check of this platform needs. */
export function tokenVariableOf({ platform }: LiveTarget): 'DISCORD_TOKEN' | 'SLACK_BOT_TOKEN' {
  return platform === 'discord' ? 'DISCORD_TOKEN' : 'SLACK_BOT_TOKEN';
}

/**
 * Posts and edits test messages in one channel of the real platform, and deletes all of them again, even if it fails or is interrupted.
 * The findings contain neither the channel nor a key.
 */
export async function lookLive(
  { platform, channel }: LiveTarget,
  options: LiveOptions,
): Promise<readonly Check[]> {
  const { config } = options;
  const live =
    platform === 'discord'
      ? (await import('./discord.ts')).discordLive(config, channel, options)
      : (await import('./slack.ts')).slackLive(config, channel, options);
  return onStage(options, (stage) =>
    live.look(stage, async (guild) => {
      if (guild === null) return null;
      const answer = await askCheapestModel(guild, options, stage.signal);
      if (!answer.ok) {
        stage.findings.warn(`No model was asked: ${answer.why}`, 'Run `npm run doctor` for the providers');
        return null;
      }
      const { model, text, cost } = answer;
      if (text.trim() === '') {
        stage.findings.warn(`${model} sent no text (${cost})`, 'Try it in the playground');
        return null;
      }
      stage.findings.ok(`${model} answers (${cost})`);
      return text.trim().slice(0, 500);
    }),
  );
}
