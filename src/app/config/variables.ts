import { z } from 'zod';
import { parseJson } from '../../core/kit/json.ts';
import { AUTOMATIC_NAMES, type Automatic } from '../../core/ports/automatic.ts';
import { routingPreferencesSchema } from '../../core/ports/routing.ts';
import { TIERS } from '../../core/ports/tiers.ts';
import { baseUrlSchema as url } from '../../core/provider/definition.ts';

/** Characters that an HTTP header can carry. */
const secret = z
  .string()
  .min(8)
  .regex(/^[!-~]+$/)
  .optional();

const KEY_BYTES = 32;

const encryptionKey = z
  .string()
  .transform((text) => Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64'))
  .refine((key) => key.length === KEY_BYTES)
  .optional();

const json = z.string().transform((text, context): unknown => {
  const value = parseJson(text);
  if (value !== undefined) return value;
  context.addIssue({ code: 'custom', message: 'not JSON' });
  return z.NEVER;
});

const shards = z.union([
  z.literal('auto'),
  z
    .string()
    .regex(/^\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*$/)
    .transform((text) =>
      text.split(',').flatMap((range) => {
        const [first = 0, last = first] = range.split('-').map(Number);
        return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
      }),
    )
    .refine((ids) => ids.length > 0),
]);

/** Entries between commas. */
const listOf = <T>(entry: z.ZodType<T, string>) =>
  z
    .string()
    .transform((text) => text.split(',').map((each) => each.trim()))
    .pipe(z.array(entry));

const skuTier = z.string().transform((pair) => pair.split('='));
const skuTiers = listOf(skuTier.pipe(z.tuple([z.string().regex(/^\d+$/), z.enum(TIERS)])));

/** Names of automatic tasks; `off` for none. */
const automatic = z
  .string()
  .default(AUTOMATIC_NAMES.join(','))
  .transform((text) => (text === 'off' ? [] : text.split(',').map((name) => name.trim())))
  .pipe(z.array(z.enum(AUTOMATIC_NAMES)))
  .transform((names): ReadonlySet<Automatic> => new Set(names));

const operators = listOf(z.string().regex(/^(discord:\d+|slack:[A-Z0-9]+\/[A-Z0-9]+)$/)).transform(
  (list): ReadonlySet<string> => new Set(list),
);

const storeUrl = z.string().regex(/^(sqlite:.+|memory:|rediss?:\/\/.+)$/);

const timeZone = z.string().refine((zone) => {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
  } catch {
    return false;
  }
});

/**
 * One environment variable: its meaning, its default, and where to get it. A test compares `.env.example` with this table.
 */
export interface Variable<S extends z.ZodType> {
  readonly schema: S;
  /** A valid value, as the end of the sentence "Use …". */
  readonly expected: string;
  /** The end of the sentence "It is not …". Default `valid`. */
  readonly kind?: string;
  readonly aliases?: readonly string[];
  /** Whether messages must not show its value. Default false. */
  readonly isSecret?: boolean;
}

function variable<S extends z.ZodType>(
  schema: S,
  expected: string,
  more: Omit<Variable<S>, 'schema' | 'expected'> = {},
): Variable<S> {
  return { schema, expected, ...more };
}

const key = (expected: string) => variable(secret, expected, { isSecret: true });
const slackToken = (prefix: string, expected: string) =>
  variable(
    secret.refine((token) => token === undefined || token.startsWith(prefix)),
    expected,
    { isSecret: true },
  );
const encryption = (expected: string) => variable(encryptionKey, expected, { isSecret: true });
const address = (fallback: string) => variable(url.default(fallback), `an http(s) URL such as ${fallback}`);
const proxy = variable(
  // May contain a user name and password.
  z.url({ protocol: /^https?$/ }).optional(),
  'the address of a proxy, such as http://proxy.example:3128',
  { isSecret: true },
);
const onOff = (fallback: 'on' | 'off') => variable(z.enum(['on', 'off']).default(fallback), 'on or off');
const tier = variable(z.enum(TIERS).default('free'), `one of ${TIERS.join(', ')}`);

/** A number above 0. */
const upTo = (max: number, fallback: number, unit: string) =>
  variable(
    z.coerce.number().positive().max(max).default(fallback),
    `a number up to ${max}, for example ${fallback}`,
    { kind: `a number of ${unit}` },
  );
const whole = (min: number, max: number, fallback: number, kind = 'a whole number') =>
  variable(
    z.coerce.number().int().min(min).max(max).default(fallback),
    `${min}–${max}, for example ${fallback}`,
    { kind },
  );

export const VARIABLES = {
  OPENROUTER_API_KEY: {
    ...key('a key from https://openrouter.ai/settings/keys'),
    aliases: ['OPEN_ROUTER_KEY', 'OPEN_ROUTER_API_KEY'],
  },
  OPENROUTER_BASE_URL: address('https://openrouter.ai/api/v1'),
  OPENROUTER_TIMEOUT_SEC: upTo(86_400, 60, 'seconds'),
  STREAM_IDLE_TIMEOUT_SEC: upTo(86_400, 90, 'seconds'),
  STREAM_FIRST_PROGRESS_SEC: upTo(86_400, 300, 'seconds'),
  STREAM_PROGRESS_SEC: upTo(86_400, 120, 'seconds'),
  OPENROUTER_PROVIDER: variable(
    json.pipe(routingPreferencesSchema).optional(),
    'a JSON object such as {"order":["OpenAI"],"allow_fallbacks":true}, with the fields of https://openrouter.ai/docs/guides/routing/provider-selection',
  ),
  OPENAI_API_KEY: key('a key from https://platform.openai.com/api-keys'),
  OPENAI_BASE_URL: address('https://api.openai.com/v1'),
  DISCORD_TOKEN: key('the bot token from https://discord.com/developers/applications, under Bot'),
  DISCORD_API_URL: address('https://discord.com/api'),
  DISCORD_SHARDS: variable(shards.default('auto'), 'auto, or shard numbers such as 0-3 or 0,2,5'),
  DISCORD_SHARD_COUNT: variable(
    z.union([z.literal('auto'), z.coerce.number().int().positive()]).default('auto'),
    'auto, or the total number of shards',
  ),
  DISCORD_COMMAND_GUILDS: variable(
    listOf(z.string().regex(/^\d{17,20}$/)).default([]),
    'the IDs of Discord servers, separated by commas',
  ),
  DISCORD_SKU_TIERS: variable(
    skuTiers.transform((pairs) => new Map(pairs)).default(new Map()),
    `pairs such as 1234567890=premium, with one of the tiers ${TIERS.join(', ')}`,
  ),
  SLACK_BOT_TOKEN: slackToken(
    'xoxb-',
    'the bot token (xoxb-…) from https://api.slack.com/apps, under OAuth & Permissions',
  ),
  SLACK_APP_TOKEN: slackToken(
    'xapp-',
    'the app-level token (xapp-…) with connections:write from https://api.slack.com/apps, under Basic Information',
  ),
  SLACK_SIGNING_SECRET: key('the signing secret from https://api.slack.com/apps, under Basic Information'),
  SLACK_CONNECT_TIER: tier,
  SLACK_API_URL: variable(
    url.transform((text) => `${text}/`).default('https://slack.com/api/'),
    'an http(s) URL such as https://slack.com/api/',
  ),
  STORE_URL: variable(
    storeUrl.default('sqlite:data/parley.db'),
    'sqlite:PATH, redis://HOST:PORT or memory:',
    { isSecret: true },
  ),
  ENCRYPTION_KEY: encryption('32 bytes in base64 or hex; `openssl rand -base64 32` makes one'),
  ENCRYPTION_KEY_OLD: encryption('the 32 bytes that ENCRYPTION_KEY held before, in base64 or hex'),
  OPERATORS: variable(
    operators.default(new Set()),
    'a list such as discord:80351110224678912,slack:T012AB3CD/U045EF6GH',
  ),
  OPERATOR_CONTACT: variable(
    z
      .string()
      .regex(/^[^\p{Cc}]{1,100}$/u)
      .optional(),
    'at most 100 characters that tell people how to reach you, such as "Mia, mia@example.com"',
  ),
  DEFAULT_TIER: tier,
  DEFAULT_MODEL: variable(z.string().min(1).optional(), 'the id of a model in models.json'),
  INSTRUCTIONS_FILE: variable(z.string().min(1).optional(), 'the path of a text file'),
  AUTOMATIC: variable(automatic, `"off", or a list of ${AUTOMATIC_NAMES.join(', ')}`),
  MODELS_FILE: variable(z.string().min(1).default('models.json'), 'the path of a file like models.json'),
  LOCAL_MODELS: onOff('off'),
  HTTP_PROXY: proxy,
  HTTPS_PROXY: proxy,
  NO_PROXY: variable(z.string().optional(), 'hosts such as .example.com,10.0.0.5:8080'),
  HOST: variable(
    z.string().min(1).default('127.0.0.1'),
    'an address to listen on, such as 127.0.0.1 or 0.0.0.0',
  ),
  PORT: variable(z.coerce.number().int().min(0).max(65_535).default(3000), '1–65535, for example 3000', {
    kind: 'a port number',
  }),
  ADMIN_TOKEN: variable(
    z.string().min(16).regex(/^\S+$/).optional(),
    'at least 16 characters without spaces; `openssl rand -hex 24` makes some',
    { isSecret: true },
  ),
  LIMITS: onOff('on'),
  MAX_STREAMS: whole(1, 1_000_000, 1_000),
  MAX_STREAMS_PER_GUILD: whole(1, 1_000_000, 50),
  CATCH_UP_MIN: variable(z.coerce.number().min(0).max(1_200).default(60), '0 (off) to 1200, for example 60', {
    kind: 'a number of minutes',
  }),
  SHUTDOWN_GRACE_SEC: variable(z.coerce.number().min(0).max(3_600).default(20), '0–3600, for example 20', {
    kind: 'a number of seconds',
  }),
  LOG_LEVEL: variable(
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    'one of trace, debug, info, warn, error, fatal, silent',
  ),
  LOG_CONTENT: onOff('off'),
  RETENTION_DAYS: whole(1, 36_500, 90, 'a number of days'),
  TIME_ZONE: variable(timeZone.default('UTC'), 'the name of a time zone such as UTC or Europe/Berlin'),
  FILES_MAX: variable(
    z.coerce.number().int().min(0).max(100).default(10),
    '0 (none) to 100, for example 10',
    { kind: 'a whole number' },
  ),
  FILE_MAX_MB: upTo(100, 20, 'megabytes'),
  FILE_MAX_PAGES: whole(1, 1_000, 50),
  FILES_MAX_CHARS: whole(1, 1_000_000, 200_000),
  FILE_TIMEOUT_SEC: upTo(300, 20, 'seconds'),
  FILE_MEMORY_MB: whole(64, 4_096, 256, 'a whole number of megabytes'),
  CONFIRM_ABOVE_USD: variable(
    z.union([z.literal('off'), z.coerce.number().min(0).max(1_000)]).default(0.5),
    '0–1000, for example 0.5, or off',
    { kind: 'an amount in US dollars' },
  ),
  PLAYGROUND: variable(z.enum(['auto', 'on', 'off']).default('auto'), 'auto, on or off'),
} as const satisfies Record<string, Variable<z.ZodType>>;

export type Name = keyof typeof VARIABLES;

/** The chat platforms, each with the variable without which it is off. */
export const CHAT_TOKENS = { discord: 'DISCORD_TOKEN', slack: 'SLACK_BOT_TOKEN' } as const satisfies Record<
  string,
  Name
>;

export type ChatPlatform = keyof typeof CHAT_TOKENS;

export function isVariable(name: string): name is Name {
  return Object.hasOwn(VARIABLES, name);
}

/** The environment, validated. A variable that is not set and has no default is undefined. */
export type Config = { readonly [N in Name]: z.output<(typeof VARIABLES)[N]['schema']> };
