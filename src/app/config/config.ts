import { z } from 'zod';
import { ownerOfKeyIn } from '../../core/kit/api-keys.ts';
import { parseJson } from '../../core/kit/json.ts';
import { AUTOMATIC_NAMES, type Automatic } from '../../core/ports/automatic.ts';
import type { FileLimits } from '../../core/ports/files.ts';
import { routingPreferencesSchema } from '../../core/ports/routing.ts';
import { TIERS } from '../../core/ports/tiers.ts';
import { baseUrlSchema as url } from '../../core/provider/definition.ts';

/**
 * One environment variable: its meaning, its default, and where to get it. A test compares `.env.example` with this table.
 */
interface Variable<S extends z.ZodType> {
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

const SECRET = { isSecret: true };
const numberOf = (what: string) => ({ kind: `a number of ${what}` });
const WHOLE_NUMBER = { kind: 'a whole number' };

/** Characters that an HTTP header can carry. */
const secret = z
  .string()
  .min(8)
  .regex(/^[!-~]+$/)
  .optional();
/** May contain a user name and password. */
const proxy = z.url({ protocol: /^https?$/ }).optional();
const onOff = z.enum(['on', 'off']);
const seconds = (fallback: number) =>
  variable(
    z.coerce.number().positive().max(86_400).default(fallback),
    `a number up to 86400, for example ${fallback}`,
    numberOf('seconds'),
  );
const count = (fallback: number) =>
  variable(
    z.coerce.number().int().positive().max(1_000_000).default(fallback),
    `1–1000000, for example ${fallback}`,
    WHOLE_NUMBER,
  );
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

const skuTiers = z
  .string()
  .transform((text) => text.split(',').map((pair) => pair.trim().split('=')))
  .pipe(z.array(z.tuple([z.string().regex(/^\d+$/), z.enum(TIERS)])))
  .transform((pairs) => new Map(pairs));

/** Names of automatic tasks; `off` for none. */
const automatic = z
  .string()
  .default(AUTOMATIC_NAMES.join(','))
  .transform((text) => (text === 'off' ? [] : text.split(',').map((name) => name.trim())))
  .pipe(z.array(z.enum(AUTOMATIC_NAMES)))
  .transform((names): ReadonlySet<Automatic> => new Set(names));

const operators = z
  .string()
  .transform((text) => text.split(',').map((operator) => operator.trim()))
  .pipe(z.array(z.string().regex(/^(discord:\d+|slack:[A-Z0-9]+\/[A-Z0-9]+)$/)))
  .transform((list): ReadonlySet<string> => new Set(list));

const storeUrl = z.string().regex(/^(sqlite:.+|memory:|rediss?:\/\/.+)$/);

const timeZone = z.string().refine((zone) => {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
  } catch {
    return false;
  }
});

export const VARIABLES = {
  OPENROUTER_API_KEY: variable(secret, 'a key from https://openrouter.ai/settings/keys', {
    ...SECRET,
    aliases: ['OPEN_ROUTER_KEY', 'OPEN_ROUTER_API_KEY'],
  }),
  OPENROUTER_BASE_URL: variable(
    url.default('https://openrouter.ai/api/v1'),
    'an http(s) URL such as https://openrouter.ai/api/v1',
  ),
  OPENROUTER_TIMEOUT_SEC: seconds(60),
  STREAM_IDLE_TIMEOUT_SEC: seconds(90),
  STREAM_FIRST_PROGRESS_SEC: seconds(300),
  STREAM_PROGRESS_SEC: seconds(120),
  OPENROUTER_PROVIDER: variable(
    json.pipe(routingPreferencesSchema).optional(),
    'a JSON object such as {"order":["OpenAI"],"allow_fallbacks":true}, with the fields of https://openrouter.ai/docs/guides/routing/provider-selection',
  ),
  OPENAI_API_KEY: variable(secret, 'a key from https://platform.openai.com/api-keys', SECRET),
  OPENAI_BASE_URL: variable(
    url.default('https://api.openai.com/v1'),
    'an http(s) URL such as https://api.openai.com/v1',
  ),
  DISCORD_TOKEN: variable(
    secret,
    'the bot token from https://discord.com/developers/applications, under Bot',
    SECRET,
  ),
  DISCORD_API_URL: variable(
    url.default('https://discord.com/api'),
    'an http(s) URL such as https://discord.com/api',
  ),
  DISCORD_SHARDS: variable(shards.default('auto'), 'auto, or shard numbers such as 0-3 or 0,2,5'),
  DISCORD_SHARD_COUNT: variable(
    z.union([z.literal('auto'), z.coerce.number().int().positive()]).default('auto'),
    'auto, or the total number of shards',
  ),
  DISCORD_COMMAND_GUILDS: variable(
    z
      .string()
      .transform((text) => text.split(',').map((id) => id.trim()))
      .pipe(z.array(z.string().regex(/^\d{17,20}$/)))
      .default([]),
    'the IDs of Discord servers, separated by commas',
  ),
  DISCORD_SKU_TIERS: variable(
    skuTiers.default(new Map()),
    `pairs such as 1234567890=premium, with one of the tiers ${TIERS.join(', ')}`,
  ),
  SLACK_BOT_TOKEN: variable(
    secret.refine((token) => token === undefined || token.startsWith('xoxb-')),
    'the bot token (xoxb-…) from https://api.slack.com/apps, under OAuth & Permissions',
    SECRET,
  ),
  SLACK_APP_TOKEN: variable(
    secret.refine((token) => token === undefined || token.startsWith('xapp-')),
    'the app-level token (xapp-…) with connections:write from https://api.slack.com/apps, under Basic Information',
    SECRET,
  ),
  SLACK_SIGNING_SECRET: variable(
    secret,
    'the signing secret from https://api.slack.com/apps, under Basic Information',
    SECRET,
  ),
  SLACK_CONNECT_TIER: variable(z.enum(TIERS).default('free'), `one of ${TIERS.join(', ')}`),
  SLACK_API_URL: variable(
    url.transform((text) => `${text}/`).default('https://slack.com/api/'),
    'an http(s) URL such as https://slack.com/api/',
  ),
  STORE_URL: variable(
    storeUrl.default('sqlite:data/parley.db'),
    'sqlite:PATH, redis://HOST:PORT or memory:',
    SECRET,
  ),
  ENCRYPTION_KEY: variable(
    encryptionKey,
    '32 bytes in base64 or hex; `openssl rand -base64 32` makes one',
    SECRET,
  ),
  ENCRYPTION_KEY_OLD: variable(
    encryptionKey,
    'the 32 bytes that ENCRYPTION_KEY held before, in base64 or hex',
    SECRET,
  ),
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
  DEFAULT_TIER: variable(z.enum(TIERS).default('free'), `one of ${TIERS.join(', ')}`),
  DEFAULT_MODEL: variable(z.string().min(1).optional(), 'the id of a model in models.json'),
  INSTRUCTIONS_FILE: variable(z.string().min(1).optional(), 'the path of a text file'),
  AUTOMATIC: variable(automatic, `"off", or a list of ${AUTOMATIC_NAMES.join(', ')}`),
  MODELS_FILE: variable(z.string().min(1).default('models.json'), 'the path of a file like models.json'),
  LOCAL_MODELS: variable(onOff.default('off'), 'on or off'),
  HTTP_PROXY: variable(proxy, 'the address of a proxy, such as http://proxy.example:3128', SECRET),
  HTTPS_PROXY: variable(proxy, 'the address of a proxy, such as http://proxy.example:3128', SECRET),
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
    SECRET,
  ),
  LIMITS: variable(onOff.default('on'), 'on or off'),
  MAX_STREAMS: count(1_000),
  MAX_STREAMS_PER_GUILD: count(50),
  CATCH_UP_MIN: variable(
    z.coerce.number().min(0).max(1_200).default(60),
    '0 (off) to 1200, for example 60',
    numberOf('minutes'),
  ),
  SHUTDOWN_GRACE_SEC: variable(
    z.coerce.number().min(0).max(3_600).default(20),
    '0–3600, for example 20',
    numberOf('seconds'),
  ),
  LOG_LEVEL: variable(
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    'one of trace, debug, info, warn, error, fatal, silent',
  ),
  LOG_CONTENT: variable(onOff.default('off'), 'on or off'),
  RETENTION_DAYS: variable(
    z.coerce.number().int().positive().max(36_500).default(90),
    '1–36500, for example 90',
    numberOf('days'),
  ),
  TIME_ZONE: variable(timeZone.default('UTC'), 'the name of a time zone such as UTC or Europe/Berlin'),
  FILES_MAX: variable(
    z.coerce.number().int().min(0).max(100).default(10),
    '0 (none) to 100, for example 10',
    WHOLE_NUMBER,
  ),
  FILE_MAX_MB: variable(
    z.coerce.number().positive().max(100).default(20),
    'a number up to 100, for example 20',
    numberOf('megabytes'),
  ),
  FILE_MAX_PAGES: variable(
    z.coerce.number().int().positive().max(1_000).default(50),
    '1–1000, for example 50',
    WHOLE_NUMBER,
  ),
  FILES_MAX_CHARS: count(200_000),
  FILE_TIMEOUT_SEC: variable(
    z.coerce.number().positive().max(300).default(20),
    'a number up to 300, for example 20',
    numberOf('seconds'),
  ),
  FILE_MEMORY_MB: variable(
    z.coerce.number().int().min(64).max(4_096).default(256),
    '64–4096, for example 256',
    { kind: 'a whole number of megabytes' },
  ),
  CONFIRM_ABOVE_USD: variable(
    z.union([z.literal('off'), z.coerce.number().min(0).max(1_000)]).default(0.5),
    '0–1000, for example 0.5, or off',
    { kind: 'an amount in US dollars' },
  ),
  PLAYGROUND: variable(z.enum(['auto', 'on', 'off']).default('auto'), 'auto, on or off'),
} as const satisfies Record<string, Variable<z.ZodType>>;

type Name = keyof typeof VARIABLES;

export function isVariable(name: string): name is Name {
  return Object.hasOwn(VARIABLES, name);
}

/** The environment, validated. A variable that is not set and has no default is undefined. */
export type Config = { readonly [N in Name]: z.output<(typeof VARIABLES)[N]['schema']> };

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
    super(
      `${faults.length} ${faults.length === 1 ? 'setting needs' : 'settings need'} fixing:\n${lines.join('\n')}`,
    );
  }
}

/**
 * Returns the valid settings and the faults. Does not read the file in `MODELS_FILE`.
 *
 * @param fromFile names of the variables whose value comes from `.env`; without it, faults do not say where a value comes
 * from
 */
export function checkEnvironment(
  environment: NodeJS.Dict<string>,
  fromFile?: ReadonlySet<string>,
): {
  readonly config: Partial<Config> & Pick<Config, 'MODELS_FILE'>;
  readonly faults: Fault[];
} {
  const faults: Fault[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries<Variable<z.ZodType>>(VARIABLES)) {
    const source = [name, ...(variable.aliases ?? [])].find((key) => environment[key]?.trim()) ?? name;
    const given = environment[source]?.trim();
    const result = variable.schema.safeParse(given || undefined);
    if (result.success) {
      values[name] = result.data;
      continue;
    }
    const value = variable.isSecret || !given || !isShowable(given) ? '' : `="${given}"`;
    const origin = fromFile === undefined ? '' : fromFile.has(source) ? ' in .env' : ' in the environment';
    faults.push({
      name: source,
      finding: `${source}${value}${origin} is not ${variable.kind ?? 'valid'}`,
      remedy: `Use ${variable.expected}`,
    });
  }
  faults.push(...contradictions(values));
  return { config: Object.freeze(values as Config), faults };
}

/** Longer values do not make a message clearer. */
const MAX_SHOWN_CHARS = 40;

/** Whether the value is certainly no secret, neither under a wrong name nor inside a URL. */
function isShowable(value: string): boolean {
  return value.length <= MAX_SHOWN_CHARS && !/[@?"\p{Cc}]/u.test(value) && ownerOfKeyIn(value) === null;
}

/**
 * @param fromFile as for `checkEnvironment`
 * @throws ConfigError
 */
export function readConfig(environment: NodeJS.Dict<string>, fromFile?: ReadonlySet<string>): Config {
  const { config, faults } = checkEnvironment(environment, fromFile);
  if (faults.length > 0) throw new ConfigError(faults);
  return config as Config;
}

/** The key in a variable that `models.json` names; for one of `VARIABLES`, its aliases count too. */
export function keyFrom(environment: NodeJS.Dict<string>, variable: string): string | undefined {
  const known: Variable<z.ZodType> | undefined = VARIABLES[variable as Name];
  const names = [variable, ...(known?.aliases ?? [])];
  return names.map((name) => environment[name]?.trim()).find(Boolean);
}

/** The present key, then the previous one. */
export function encryptionKeysOf({
  ENCRYPTION_KEY: now,
  ENCRYPTION_KEY_OLD: before,
}: Config): readonly Buffer[] {
  return [now, before].filter((key) => key !== undefined);
}

const DAY_MS = 86_400_000;

export function retentionMsOf({ RETENTION_DAYS: days }: Config): number {
  return days * DAY_MS;
}

export function fileLimitsOf(config: Config): FileLimits {
  return {
    maxFiles: config.FILES_MAX,
    maxBytes: config.FILE_MAX_MB * 1_000_000,
    maxPages: config.FILE_MAX_PAGES,
    maxChars: config.FILES_MAX_CHARS,
    timeoutMs: config.FILE_TIMEOUT_SEC * 1_000,
    maxMemoryBytes: config.FILE_MEMORY_MB * 1_000_000,
  };
}

/** Contradictions between settings that are valid by themselves. */
function contradictions(config: Partial<Config>): Fault[] {
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
  if (config.PLAYGROUND === 'on' && wantsForPlayground(config).length > 0) {
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

/** The variables needed to switch the playground on; none if it is on. If others can reach it, it asks for a token. */
export function wantsForPlayground(config: Partial<Config>): readonly string[] {
  const { PLAYGROUND, HOST, ADMIN_TOKEN, DISCORD_TOKEN, SLACK_BOT_TOKEN } = config;
  const isOn = PLAYGROUND === 'on' || (PLAYGROUND === 'auto' && !DISCORD_TOKEN && !SLACK_BOT_TOKEN);
  const isExposed = isSlackOverHttp(config) || (HOST !== undefined && !isLoopback(HOST));
  return [
    ...(isOn ? [] : ['PLAYGROUND=on']),
    ...(isExposed && ADMIN_TOKEN === undefined ? ['ADMIN_TOKEN'] : []),
  ];
}

/** Whether Slack sends events over HTTP, so that there is a proxy in front of this server. */
export function isSlackOverHttp({ SLACK_SIGNING_SECRET, SLACK_APP_TOKEN }: Partial<Config>): boolean {
  return SLACK_SIGNING_SECRET !== undefined && SLACK_APP_TOKEN === undefined;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
