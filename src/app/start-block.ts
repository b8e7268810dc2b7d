import { type AccessTerms, checkAccess } from '../core/access/access.ts';
import type { CatalogueFile } from '../core/catalogue/file.ts';
import { counted } from '../core/kit/text/text.ts';
import { type GuildId, platformOf } from '../core/ports/actor.ts';
import { LOCAL_PLATFORM } from '../core/ports/platforms.ts';
import { opens, TIERS, type Tier } from '../core/ports/tiers.ts';
import { isPlaygroundOn, wantsForPlayground } from './config/exposure.ts';
import type { Config } from './config/variables.ts';
import { isEveryAddress } from './http/http-server.ts';
import type { Offer } from './offer.ts';
import { type KeyRefusal, missingKeys } from './providers/providers.ts';

/** Facts about the start, for the block that the operator reads. */
export interface StartFacts {
  /** The server's own URL. */
  readonly address: string;
  /** Names of the providers that are usable for models of the file. */
  readonly providers: readonly string[];
  /** The variable whose key would replace the demo; null if there is no demo. */
  readonly demoLacks: string | null;
  /** The number of models in the models file. */
  readonly models: number;
  /** Servers on this machine, and the number of models of each. */
  readonly local: readonly { readonly name: string; readonly models: number }[];
  /** The variables of missing keys for models open to this tier. */
  readonly missingKeys: (tier: Tier) => readonly string[];
  /** The number of models that a guild of this tier can use with the present keys. */
  readonly openTo: (tier: Tier) => number;
  /** More lines for the operator, such as an invite link. */
  readonly notes: readonly string[];
}

/** Gathers the facts about models and providers for the block that the operator reads. */
export function startFactsOf(
  config: Config,
  { models }: Pick<CatalogueFile, 'models'>,
  { providers, catalogue, local, demoLacks }: Offer,
  refusals: readonly KeyRefusal[],
): Omit<StartFacts, 'address' | 'notes'> {
  const usable = providers.usable.difference(new Set(refusals.map(({ id }) => id)));
  const terms = { catalogue, operatorProviders: usable, keyProviders: [] };
  const isRouted = (id: string) =>
    models.some(({ routes }) => routes.some(({ provider }) => provider === id));
  return {
    providers: [...usable].filter(isRouted).map(providers.nameOf),
    demoLacks,
    models: models.length,
    local: local.map(({ definition: { id, name } }) => ({
      name,
      models: catalogue
        .list(LOCAL_PLATFORM)
        .filter(({ onlyOn, routes }) => onlyOn && routes[0]?.provider === id).length,
    })),
    missingKeys(tier) {
      const open = models.filter((model) => opens(tier, model.tier));
      return missingKeys({ listed: providers.listed, usable }, open);
    },
    openTo: (tier) => openModels(isPlaygroundOn(config) ? 'web:local' : 'discord:0', tier, terms),
  };
}

/** The number of models that a guild of this tier can use. */
function openModels(id: GuildId, tier: Tier, terms: AccessTerms): number {
  const guild = { id, tier, operatorTier: tier, ownKeys: [], failedKeys: [] };
  const models = terms.catalogue.list(platformOf(id));
  return models.filter((model) => checkAccess(model.id, guild, terms).ok).length;
}

/** The block shown at the start: what is on, what is off, and the variable that switches it on. */
export function startBlock(config: Config, facts: StartFacts): string {
  const { address } = facts;
  const isChatting = config.DISCORD_TOKEN !== undefined || config.SLACK_BOT_TOKEN !== undefined;
  const rows: [string, string][] = [
    ['Discord', config.DISCORD_TOKEN ? 'on' : 'off: set DISCORD_TOKEN'],
    ['Slack', slack(config)],
    ['Playground', playground(config, address)],
    ['Dashboard', config.ADMIN_TOKEN ? `${address}/admin` : 'off: set ADMIN_TOKEN'],
    ['Models', `${facts.models}, from ${config.MODELS_FILE}${providersOf(facts)}`],
    ...facts.local.map(({ name, models }): [string, string] => [
      name,
      `${counted(models, 'model', 'models')}, ${config.LOCAL_MODELS === 'on' ? 'everywhere' : 'in the playground'}`,
    ]),
    ['Store', withoutCredentials(config.STORE_URL)],
    ['Default tier', defaultTier(config, facts)],
    ...whoSpends(config),
    ['Limits', config.LIMITS === 'on' ? 'on' : 'off: requests and spending are unlimited'],
    [
      'Server keys',
      config.ENCRYPTION_KEY
        ? 'on: servers can add their own API keys with /connect'
        : 'off: set ENCRYPTION_KEY to allow /connect',
    ],
    ['Operators', config.OPERATORS.size > 0 ? String(config.OPERATORS.size) : 'none: set OPERATORS'],
    ...(isChatting
      ? [
          [
            'Contact',
            config.OPERATOR_CONTACT ?? 'none: people do not learn who you are; set OPERATOR_CONTACT',
          ] as [string, string],
        ]
      : []),
    ['Health', `${address}/healthz, /readyz`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, state]) => `  ${name.padEnd(width)}  ${state}`);
  const demo =
    facts.demoLacks === null
      ? []
      : [
          '',
          `  No API key is set, so a scripted demo answers instead of a language model${isChatting ? ', and tells people so' : ''}.`,
          `  For real answers put ${facts.demoLacks} (https://openrouter.ai/settings/keys) into .env and restart Parley.`,
        ];
  const notes = facts.notes.length > 0 ? ['', ...facts.notes.map((note) => `  ${note}`)] : [];
  return ['Parley is ready.', '', ...lines, ...demo, ...notes, '', '  Ctrl-C stops it.', ''].join('\n');
}

function slack({ SLACK_BOT_TOKEN, SLACK_APP_TOKEN }: Config): string {
  if (SLACK_BOT_TOKEN === undefined) return 'off: set SLACK_BOT_TOKEN and SLACK_APP_TOKEN';
  return SLACK_APP_TOKEN === undefined ? 'on (HTTP, /slack/events)' : 'on (Socket Mode)';
}

function playground(config: Config, address: string): string {
  const wanted = wantsForPlayground(config);
  if (wanted.length > 0) return `off: set ${wanted.join(' and ')}`;
  if (isEveryAddress(config.HOST)) return `${address}/ (from other machines: use this machine's address)`;
  return config.ADMIN_TOKEN === undefined
    ? `${address}/ (only from this machine; set ADMIN_TOKEN before you use a proxy)`
    : `${address}/`;
}

function providersOf({ demoLacks, providers, missingKeys }: StartFacts): string {
  if (demoLacks !== null) return ', answered by the built-in demo';
  if (providers.length > 0) return `, through ${providers.join(', ')}`;
  return `; none available: set ${missingKeys('premium').join(', or ')}`;
}

function defaultTier({ DEFAULT_TIER: tier }: Config, { openTo, missingKeys }: StartFacts): string {
  const open = openTo(tier);
  if (open > 0) return `${tier}: ${counted(open, 'model', 'models')} available`;
  const better = TIERS.find((other) => openTo(other) > 0);
  const remedies = [...missingKeys(tier), ...(better === undefined ? [] : [`DEFAULT_TIER=${better}`])];
  return `${tier}: no model available; ${remedies.length > 0 ? `set ${remedies.join(', or ')}` : 'the models file has no model of this tier'}`;
}

/** The people who can use paid models because of the default tier; none if it is free. */
function whoSpends(config: Config): readonly [string, string][] {
  const { DEFAULT_TIER: tier, LIMITS, DISCORD_TOKEN, SLACK_BOT_TOKEN } = config;
  const who = [
    DISCORD_TOKEN &&
      'everybody in any Discord server that adds the bot, and anybody who writes to it directly',
    SLACK_BOT_TOKEN && 'everybody in the Slack workspace',
  ].filter(Boolean);
  if (tier === 'free' || who.length === 0) return [];
  const bounds = LIMITS === 'on' ? 'within the limits' : 'without limits';
  return [['Who can spend', `${who.join('; ')}, at your expense, ${bounds}; DEFAULT_TIER=free ends that`]];
}

/** Passwords may contain any character, also in a query. */
function withoutCredentials(storeUrl: string): string {
  if (!/^rediss?:/.test(storeUrl)) return storeUrl;
  const { protocol, host, pathname } = new URL(storeUrl);
  return `${protocol}//${host}${pathname}`;
}
