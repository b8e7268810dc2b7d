import { counted } from '../../core/kit/text/text.ts';
import { isPlaygroundOn } from './exposure.ts';
import { type Config, type Name, VARIABLES } from './variables.ts';

/** An unusable setting. */
export interface Fault {
  /** The first variable that the finding names. */
  readonly name: string;
  /** The problem, as a sentence without its full stop. */
  readonly finding: string;
  /** The remedy, as a sentence without its full stop. */
  readonly remedy: string;
}

export function faultInWords({ finding, remedy }: Fault): string {
  return `${finding}. ${remedy}.`;
}

/** All invalid settings at once, one line each with its remedy. Contains no value of a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(faults: readonly Fault[]) {
    const lines = faults.map((fault) => `  - ${faultInWords(fault)}`);
    super(`${counted(faults.length, 'setting needs', 'settings need')} fixing:\n${lines.join('\n')}`);
  }
}

/** Contradictions between settings that are valid by themselves. */
export function contradictions(config: Partial<Config>): Fault[] {
  const faults: Fault[] = [];
  const add = (name: Name, what: string, remedy: string) =>
    faults.push({ name, finding: `${name} ${what}`, remedy });
  const slackTransport = config.SLACK_APP_TOKEN || config.SLACK_SIGNING_SECRET;
  if (config.SLACK_BOT_TOKEN && !slackTransport) {
    add(
      'SLACK_BOT_TOKEN',
      'alone is not enough',
      `Set SLACK_APP_TOKEN to ${VARIABLES.SLACK_APP_TOKEN.expected}, or SLACK_SIGNING_SECRET to ${VARIABLES.SLACK_SIGNING_SECRET.expected}`,
    );
  }
  if (!config.SLACK_BOT_TOKEN && slackTransport) {
    add('SLACK_BOT_TOKEN', 'is missing', `Set it to ${VARIABLES.SLACK_BOT_TOKEN.expected}`);
  }
  const { DISCORD_SHARDS: shards, DISCORD_SHARD_COUNT: shardCount } = config;
  if (Array.isArray(shards) && typeof shardCount !== 'number') {
    add('DISCORD_SHARD_COUNT', 'is missing', 'Set it to the total number of shards');
  } else if (Array.isArray(shards) && shards.some((id) => id >= Number(shardCount))) {
    add(
      'DISCORD_SHARDS',
      'names shards that do not exist',
      `Use numbers below DISCORD_SHARD_COUNT, which is ${shardCount}`,
    );
  }
  if (config.PLAYGROUND === 'on' && !isPlaygroundOn(config)) {
    add(
      'ADMIN_TOKEN',
      'is missing, so anybody could open the playground',
      `Set it to ${VARIABLES.ADMIN_TOKEN.expected}, or set PLAYGROUND=off or HOST=127.0.0.1`,
    );
  }
  if (config.ENCRYPTION_KEY_OLD && !config.ENCRYPTION_KEY) {
    add('ENCRYPTION_KEY', 'is missing', `Set it to ${VARIABLES.ENCRYPTION_KEY.expected}`);
  }
  return faults;
}
