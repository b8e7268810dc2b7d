import type { Logger } from 'pino';
import { createDrawChart } from '../charts/draw-chart.ts';
import { parseNanoUsd } from '../core/kit/money.ts';
import type { LimitsConfig } from '../core/ports/limits.ts';
import type { AccessOptions, FileOptions, HabitOptions } from '../core/wiring/options.ts';
import { createReadContent } from '../files/read-content.ts';
import { encryptionKeysOf, fileLimitsOf, retentionMsOf } from './config/config.ts';
import { wantsForPlayground } from './config/exposure.ts';
import type { Config } from './config/variables.ts';
import type { Providers } from './providers.ts';

/** @param limits the models file's limits, read at each request */
export function accessOptionsOf(config: Config, limits: LimitsConfig, providers: Providers): AccessOptions {
  const isPlayground = wantsForPlayground(config).length === 0;
  return {
    encryptionKeys: encryptionKeysOf(config),
    ownKeyProviders: providers.forOwnKeys,
    limits: config.LIMITS === 'on' ? limits : null,
    defaultTier: config.DEFAULT_TIER,
    outsiderTier: config.SLACK_CONNECT_TIER,
    skuTiers: config.DISCORD_SKU_TIERS,
    operators: new Set([...config.OPERATORS, ...(isPlayground ? ['web:operator'] : [])]),
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
  { demoLacks }: Providers,
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
