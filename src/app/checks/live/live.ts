import { CHAT_TOKENS, type ChatPlatform } from '../../config/variables.ts';
import type { Check } from '../check.ts';
import type { ProviderCheckOptions } from '../providers.ts';
import { askCheapestModel } from './ask-model.ts';
import { onStage, type StageOptions } from './stage.ts';
import { playSteps } from './steps.ts';

export interface LiveTarget {
  readonly platform: ChatPlatform;
  readonly channel: string;
}

export type LiveOptions = ProviderCheckOptions & StageOptions;

const CHANNELS = { discord: /^\d{17,20}$/, slack: /^[CDG][A-Z0-9]+$/ } as const satisfies Record<
  ChatPlatform,
  RegExp
>;

/** Reads `discord:<channel>` or `slack:<channel>`; null if it is neither. */
export function parseLiveTarget(text: string): LiveTarget | null {
  const [, named, channel = ''] = /^(\w+):(.*)$/.exec(text) ?? [];
  const platform = (Object.keys(CHAT_TOKENS) as ChatPlatform[]).find((each) => each === named);
  return platform !== undefined && CHANNELS[platform].test(channel) ? { platform, channel } : null;
}

/**
 * Posts and edits test messages in one channel of the real platform, and deletes all of them again, even if it fails or is interrupted.
 * The findings contain neither the channel nor a key.
 */
export function lookLive({ platform, channel }: LiveTarget, options: LiveOptions): Promise<readonly Check[]> {
  return onStage(options, async (stage) => {
    const room =
      platform === 'discord'
        ? await (await import('./discord.ts')).openDiscordRoom(channel, options, stage)
        : await (await import('./slack.ts')).openSlackRoom(channel, options, stage);
    if (room !== null) await playSteps(stage, room, (guild) => askCheapestModel(guild, options, stage));
  });
}
