/** What core has to know of a platform. */
interface PlatformRow {
  /** In words, behind "in". */
  readonly name: string;
  /** Which Markdown shows there, for models. */
  readonly markdown: string;
  /** What a guild is there, after "this". */
  readonly guildWord: string;
  /** What a group of people is there; null if there are none. */
  readonly groupWord: string | null;
  /** What stands behind `<platform>:` in a guild's id. */
  readonly guild: RegExp;
  /** How an operator writes guilds' ids. */
  readonly guildExamples: readonly string[];
  /** A group as people write it: a mention or its id, which the pattern catches. */
  readonly group: RegExp | null;
  /** The user's id behind a mention, or what was typed in its place; null for none of this platform's. `guild` is without its prefix. */
  user(typed: string, guild: string): string | null;
  /** A moment to come in a notice, as each reader's own clock has it; null if the platform cannot, and `words` are better. */
  moment(atMs: number, nowMs: number, words: string): string | null;
  /** Whether the platform itself says who somebody is. If it does not, an operator stays there, and reaches no other guild. */
  readonly isVouched: boolean;
  /** Whether tiers can be bought there. */
  readonly sellsTiers: boolean;
}

/** One row per platform; its code is in `src/adapters/<id>/`, its configuration in `app/config/config.ts`, its start in `app/start.ts`. */
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
    // https://docs.slack.dev/messaging/formatting-message-text#date-formatting; it names minutes, no seconds.
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
    // Its readers are the operator, whose time zone the words are in.
    moment: () => null,
    isVouched: false,
    sellsTiers: false,
  },
} as const satisfies Record<string, PlatformRow>;

export type Platform = keyof typeof PLATFORMS;

export const PLATFORM_IDS = Object.keys(PLATFORMS) as [Platform, ...Platform[]];

/** Where models of this machine's own servers are offered, and where the operator sees every model. */
export const LOCAL_PLATFORM: Platform = 'web';

/** How guilds' ids are written, on every platform. */
export const GUILD_EXAMPLES = PLATFORM_IDS.flatMap((id): readonly string[] => PLATFORMS[id].guildExamples);

/** The row of a platform; what differs between them is not known to the types. */
export function platformRow(id: Platform): PlatformRow {
  return PLATFORMS[id];
}
