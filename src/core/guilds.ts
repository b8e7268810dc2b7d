import { z } from 'zod';
import type { GuildInQuestion } from './access.ts';
import type { GuildId } from './actor.ts';
import type { Clock } from './clock.ts';
import { createCollection } from './collection.ts';
import type { Store } from './store.ts';
import { guildAccess, TIERS, type Tier } from './tiers.ts';

const grantSchema = z.object({
  tier: z.enum(TIERS),
  /** Milliseconds since the epoch; null for a grant without an end. */
  expiresAtMs: z.number().nullable(),
  reason: z.string(),
  by: z.string(),
  /** Whether the grant stands in the place of the default tier rather than beside it. */
  replacesDefault: z.boolean(),
});

const guildSchema = z.object({ grants: z.array(grantSchema) });

export type Grant = z.infer<typeof grantSchema>;

/** What guilds hold, and so what they may use. */
export interface Guilds {
  access(guild: GuildId): Promise<GuildInQuestion>;
  /** Gives a tier in the place of all that was granted before. */
  grant(guild: GuildId, grant: Grant): Promise<void>;
}

export function createGuilds(store: Store, clock: Clock, defaultTier: Tier): Guilds {
  const guilds = createCollection(store.keyv('guilds'), { version: 1, schema: guildSchema });

  return {
    async access(id) {
      const grants = (await guilds.get(id))?.grants ?? [];
      const nowMs = clock.now();
      const replaced = grants.some(
        ({ replacesDefault, expiresAtMs }) =>
          replacesDefault && (expiresAtMs === null || nowMs < expiresAtMs),
      );
      const holdings = {
        defaultTier: replaced ? 'free' : defaultTier,
        grants,
        entitlements: [],
        ownKeys: [],
      };
      return { id, ...guildAccess(holdings, nowMs) };
    },
    grant: (guild, grant) => guilds.set(guild, { grants: [grant] }),
  };
}
