interface PlatformRow {
  /** Follows "in". */
  readonly name: string;
  /** The Markdown that it shows, in words for models. */
  readonly markdown: string;
  /** The platform's word for a guild; follows "this". */
  readonly guildWord: string;
  /** The platform's word for a group of people; null if it has none. */
  readonly groupWord: string | null;
  /** The part of a guild's id after `<platform>:`. */
  readonly guild: RegExp;
  /** Guild ids as an operator writes them. */
  readonly guildExamples: readonly string[];
  /** Matches a group as people write it, a mention or its id, and captures the id. */
  readonly group: RegExp | null;
  /** The user id from a mention or a typed id; null if it is not one of this platform. `guild` is without its prefix. */
  user(typed: string, guild: string): string | null;
  /** A coming moment, shown by each reader's own clock; null if the platform cannot do that and `words` are better. */
  moment(atMs: number, nowMs: number, words: string): string | null;
  /** Whether the platform itself proves who somebody is. If not, an operator there reaches no other guild. */
  readonly isVouched: boolean;
  readonly sellsTiers: boolean;
}

/** One row per platform; its code is in `src/adapters/<id>/`, its configuration in `app/config/variables.ts`, its start in `app/create-adapters.ts`. */
export const PLATFORMS = {
  discord: {
    name: 'Discord',
    markdown:
      'Headings up to ###, **bold**, *italics*, ~~strikethrough~~, ||spoilers||, quotes, lists, links, `code` and blocks of code in three backticks show; tables, pictures, rules, HTML and LaTeX do not: use lists instead of tables.',
    guildWord: 'server',
    groupWord: 'role',
    guild: /^(?:dm:)?\d{1,20}$/,
    guildExamples: ['discord:<server id>', 'discord:dm:<user id>'],
    group: /^(?:<@&(\d{1,20})>|(\d{1,20}))$/,
    user: (typed) => (/^\d{1,20}$/.test(typed) ? typed : null),
    // https://docs.discord.com/developers/reference#message-formatting
    moment: (atMs) => `<t:${Math.ceil(atMs / 1_000)}:R>`,
    isVouched: true,
    sellsTiers: true,
  },
  slack: {
    name: 'Slack',
    markdown:
      'Headings, **bold**, *italics*, ~~strikethrough~~, quotes, lists, tables, links, `code` and blocks of code show; spoilers, pictures, HTML and LaTeX do not.',
    guildWord: 'workspace',
    groupWord: 'user group',
    guild: /^[A-Z0-9]{1,20}$/,
    guildExamples: ['slack:<team id>'],
    group: /^(?:<!subteam\^(S[A-Z0-9]+)(?:\|[^<>]*)?>|(S[A-Z0-9]+))$/,
    user(typed, team) {
      if (/^[ET][A-Z0-9]+\/[UW][A-Z0-9]+$/.test(typed)) return typed;
      return /^[UW][A-Z0-9]+$/.test(typed) ? `${team}/${typed}` : null;
    },
    // https://docs.slack.dev/messaging/formatting-message-text#date-formatting. It shows minutes, not seconds.
    moment: (atMs, nowMs, words) =>
      atMs - nowMs < 120_000
        ? null
        : `<!date^${Math.ceil(atMs / 1_000)}^{date_short_pretty} at {time}|${words}>`,
    isVouched: true,
    sellsTiers: false,
  },
  web: {
    name: 'a team chat',
    markdown:
      'Headings, **bold**, *italics*, ~~strikethrough~~, quotes, lists, tables, links, `code` and blocks of code show; spoilers, pictures, HTML and LaTeX do not.',
    guildWord: 'playground',
    groupWord: null,
    guild: /^local$/,
    guildExamples: ['web:local'],
    group: null,
    user: (typed) => (/^(?:member|admin|operator)$/.test(typed) ? typed : null),
    // The playground's reader is the operator, and the words are in the operator's time zone.
    moment: () => null,
    isVouched: false,
    sellsTiers: false,
  },
} as const satisfies Record<string, PlatformRow>;

export type Platform = keyof typeof PLATFORMS;

export const PLATFORM_IDS = Object.keys(PLATFORMS) as [Platform, ...Platform[]];

/** The platform that offers models of this machine's own servers, and on which the operator sees every model. */
export const LOCAL_PLATFORM: Platform = 'web';

export const GUILD_EXAMPLES = PLATFORM_IDS.flatMap((id): readonly string[] => PLATFORMS[id].guildExamples);

/** The row of a platform, typed without the differences between rows. */
export function platformRow(id: Platform): PlatformRow {
  return PLATFORMS[id];
}
