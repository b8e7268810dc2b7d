import type { Logger } from 'pino';
import { createDrawChart } from '../charts/draw-chart.ts';
import { parseNanoUsd } from '../core/kit/money.ts';
import type { Slots, SlotsOptions } from '../core/kit/slots.ts';
import type { AccessOptions, FileOptions, HabitOptions, ModelOptions } from '../core/wiring/options.ts';
import { createReadContent } from '../files/read-content.ts';
import { encryptionKeysOf, fileLimitsOf, retentionMsOf } from './config/config.ts';
import { isPlaygroundOn } from './config/exposure.ts';
import type { Config } from './config/variables.ts';
import type { Offer } from './offer.ts';
import { missingKeys } from './providers/keys.ts';

export function slotsOptionsOf({
  MAX_STREAMS: max,
  MAX_STREAMS_PER_GUILD: maxPerGuild,
}: Config): Omit<SlotsOptions, 'clock'> {
  return { max, maxPerGuild, maxWaiting: 2 * max, maxWaitingPerGuild: 2 * maxPerGuild };
}

export function modelOptionsOf(config: Config, offer: Offer, slots: Slots): ModelOptions {
  const { providers, catalogue, demoLacks } = offer;
  return {
    catalogue,
    providers: providers.clients,
    operatorProviders: providers.usable,
    searchProviders: providers.searching,
    defaultModel: config.DEFAULT_MODEL ?? null,
    missingKeys: (models) => missingKeys(providers, models),
    demoLacks,
    slots,
  };
}

export function accessOptionsOf(config: Config, { limits, providers }: Offer): AccessOptions {
  return {
    encryptionKeys: encryptionKeysOf(config),
    ownKeyProviders: providers.clients,
    limits: config.LIMITS === 'on' ? limits : null,
    defaultTier: config.DEFAULT_TIER,
    outsiderTier: config.SLACK_CONNECT_TIER,
    skuTiers: config.DISCORD_SKU_TIERS,
    operators: new Set([...config.OPERATORS, ...(isPlaygroundOn(config) ? ['web:operator'] : [])]),
    operatorContact: config.OPERATOR_CONTACT ?? null,
  };
}

export function fileOptionsOf(config: Config, log: Logger): FileOptions {
  const limits = fileLimitsOf(config);
  return {
    readContent: createReadContent({ limits, log }),
    limits,
    confirmAboveNanoUsd: config.CONFIRM_ABOVE_USD === 'off' ? null : parseNanoUsd(config.CONFIRM_ABOVE_USD),
    drawChart: createDrawChart(log),
  };
}

export function habitOptionsOf(
  config: Config,
  instructions: string | null,
  { demoLacks }: Offer,
): HabitOptions {
  return {
    instructions,
    // The demo's texts are no use as summaries or titles.
    automatic: demoLacks === null ? config.AUTOMATIC : new Set(),
    retentionMs: retentionMsOf(config),
    catchUpMs: config.CATCH_UP_MIN * 60_000,
    timeZone: config.TIME_ZONE,
    logContent: config.LOG_CONTENT === 'on',
  };
}
