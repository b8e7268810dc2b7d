import { type GuildId, platformOf } from '../core/ports/actor.ts';
import type { Adapter } from '../core/ports/adapter.ts';
import type { PlatformOptions } from '../core/wiring/options.ts';
import type { AlertsOptions } from './telemetry/alerts.ts';

/** The platforms' functions for core and alerts. The list is read at each call, because adapters are created after core. */
export interface Platforms extends Omit<PlatformOptions, 'limiters'> {
  /** Tells one operator, named `<platform>:<user>`; false if nobody could be reached. */
  readonly tellOperator: AlertsOptions['tell'];
}

/** @param adapters read at each call */
export function createPlatforms(adapters: readonly Adapter[]): Platforms {
  const named = (platform: string) => adapters.find((adapter) => adapter.platform === platform);
  const adapterOf = (guild: GuildId) => named(platformOf(guild));
  return {
    tellAdmins: async (guild, notice, signal) =>
      (await adapterOf(guild)?.tellAdmins?.(guild, notice, signal)) ?? false,
    peopleIn: (guild) => adapterOf(guild)?.people ?? null,
    finderOf: (guild) => adapterOf(guild) ?? null,
    readFileOf: (guild) => adapterOf(guild)?.readFile ?? null,
    async tellOperator(operator, notice, signal) {
      const platform = operator.slice(0, operator.indexOf(':'));
      const user = operator.slice(platform.length + 1);
      return (await named(platform)?.tellPerson?.(user, notice, signal)) ?? false;
    },
  };
}
