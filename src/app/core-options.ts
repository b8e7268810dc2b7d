import type { Logger } from 'pino';
import { createDrawChart } from '../charts/draw-chart.ts';
import { createGuilds, type Guilds } from '../core/access/guilds.ts';
import { createKeyStore } from '../core/access/key-store.ts';
import { parseNanoUsd } from '../core/kit/money.ts';
import type { Slots } from '../core/kit/scheduling/slots.ts';
import type { CoreOptions } from '../core/wiring/options.ts';
import { createReadContent } from '../files/read-content.ts';
import { encryptionKeysOf, fileLimitsOf, retentionMsOf } from './config/config.ts';
import { isPlaygroundOn } from './config/exposure.ts';
import type { Setup } from './config/setup.ts';
import type { Config } from './config/variables.ts';
import type { Offer } from './offer.ts';
import { missingKeys } from './providers/providers.ts';

/** The options of core that follow from the operator's settings. */
export function coreOptionsOf(
  { config, instructions, log }: Pick<Setup, 'config' | 'instructions'> & { readonly log: Logger },
  { providers, catalogue, limits, demoLacks }: Offer,
  slots: Slots,
): Pick<CoreOptions, 'models' | 'access' | 'files' | 'habits'> {
  const fileLimits = fileLimitsOf(config);
  const { CONFIRM_ABOVE_USD: confirmAbove } = config;
  return {
    models: {
      catalogue,
      providers: providers.clients,
      operatorProviders: providers.usable,
      searchProviders: providers.searching,
      defaultModel: config.DEFAULT_MODEL ?? null,
      missingKeys: (models) => missingKeys(providers, models),
      demoLacks,
      slots,
    },
    access: {
      encryptionKeys: encryptionKeysOf(config),
      ownKeyProviders: providers.clients,
      limits: config.LIMITS === 'on' ? limits : null,
      defaultTier: config.DEFAULT_TIER,
      outsiderTier: config.SLACK_CONNECT_TIER,
      skuTiers: config.DISCORD_SKU_TIERS,
      operators: new Set([...config.OPERATORS, ...(isPlaygroundOn(config) ? ['web:operator'] : [])]),
      operatorContact: config.OPERATOR_CONTACT ?? null,
    },
    files: {
      readContent: createReadContent({ limits: fileLimits, log }),
      limits: fileLimits,
      confirmAboveNanoUsd: confirmAbove === 'off' ? null : parseNanoUsd(confirmAbove),
      drawChart: createDrawChart(log),
    },
    habits: {
      instructions,
      // The demo's texts are no use as summaries or titles.
      automatic: demoLacks === null ? config.AUTOMATIC : new Set(),
      retentionMs: retentionMsOf(config),
      catchUpMs: config.CATCH_UP_MIN * 60_000,
      timeZone: config.TIME_ZONE,
      logContent: config.LOG_CONTENT === 'on',
    },
  };
}

/** The guilds as a bot with these settings sees them, for work beside it. */
export function guildsOf({
  config,
  store,
  clock,
}: Pick<CoreOptions, 'store' | 'clock'> & { readonly config: Config }): Guilds {
  const keys = createKeyStore({ store, encryptionKeys: encryptionKeysOf(config), clock });
  const { DEFAULT_TIER: defaultTier, DISCORD_SKU_TIERS: skuTiers } = config;
  return createGuilds({ store, clock, keys, defaultTier, skuTiers });
}
