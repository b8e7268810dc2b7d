import { z } from 'zod';
import { type CollectionStore, createCollection, ifReadable } from '../coordination/collection.ts';
import type { GuildId } from '../ports/actor.ts';

/** Names of guilds on their platforms, for the operator, because ids alone mean nothing to people. */
export interface GuildNames {
  /** Stores the names of guilds that the bot is in. Writes only changed ones. */
  keep(names: ReadonlyMap<GuildId, string>): Promise<void>;
  /** The known names of these guilds. */
  of(guilds: Iterable<GuildId>): Promise<ReadonlyMap<GuildId, string>>;
  /** Every guild with a known name, in no order. */
  guilds(): AsyncIterable<GuildId>;
}

const nameSchema = z.object({ name: z.string() });

export function createGuildNames(store: CollectionStore): GuildNames {
  const names = createCollection(store, 'guild-names', { version: 1, schema: nameSchema });

  return {
    async keep(present) {
      const known = await ifReadable(names.getMany([...present.keys()]), null);
      for (const [guild, name] of present) {
        if (known?.get(guild)?.name !== name) await names.set(guild, { name });
      }
    },

    async of(guilds) {
      const known = await names.getMany([...new Set(guilds)]);
      return new Map(Array.from(known, ([guild, { name }]) => [guild as GuildId, name]));
    },

    async *guilds() {
      for await (const guild of names.keys()) yield guild as GuildId;
    },
  };
}
