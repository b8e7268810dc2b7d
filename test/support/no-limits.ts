import { type LimitsConfig, UNLIMITED_GUILD, UNLIMITED_INSTALLATION } from '../../src/core/ports/limits.ts';

/** A `models.json` in which every limit is null. */
export const NO_LIMITS: LimitsConfig = {
  tiers: {
    free: UNLIMITED_GUILD,
    openai: UNLIMITED_GUILD,
    openrouter: UNLIMITED_GUILD,
    premium: UNLIMITED_GUILD,
  },
  installation: UNLIMITED_INSTALLATION,
};
