import { z } from 'zod';
import { AUTOMATIC_NAMES } from '../../core/ports/automatic.ts';
import { routingPreferencesSchema } from '../../core/ports/routing.ts';
import { TIERS } from '../../core/ports/tiers.ts';
import { baseUrlSchema as url } from '../../core/provider/definition.ts';

import {
  automatic,
  encryptionKey,
  json,
  onOff,
  operators,
  proxy,
  secret,
  shards,
  skuTiers,
  storeUrl,
  timeZone,
} from './schemas.ts';

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

const SECRET = { isSecret: true };
const numberOf = (what: string) => ({ kind: `a number of ${what}` });
const WHOLE_NUMBER = { kind: 'a whole number' };

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

export type Name = keyof typeof VARIABLES;

export function isVariable(name: string): name is Name {
  return Object.hasOwn(VARIABLES, name);
}

/** The environment, validated. A variable that is not set and has no default is undefined. */
export type Config = { readonly [N in Name]: z.output<(typeof VARIABLES)[N]['schema']> };
