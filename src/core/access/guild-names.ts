import { z } from 'zod';
import { type CollectionStore, createCollection, ifReadable } from '../coordination/collection.ts';
import type { GuildId } from '../ports/actor.ts';

export type GuildNames = ReturnType<typeof createGuildNames>;

/** Names of guilds on their platforms, for the operator, because ids alone mean nothing to people. */
export function createGuildNames(store: CollectionStore) {
  const names = createCollection(store, 'guild-names', z.object({ name: z.string() }));

  return {
    /** Stores the names of guilds that the bot is in. Writes only changed ones. */
    async keep(present: ReadonlyMap<GuildId, string>): Promise<void> {
      const known = await ifReadable(names.getMany([...present.keys()]), null);
      for (const [guild, name] of present) {
        if (known?.get(guild)?.name !== name) await names.set(guild, { name });
      }
    },

    /** The known names of these guilds. */
    async of(guilds: Iterable<GuildId>): Promise<ReadonlyMap<GuildId, string>> {
      const known = await names.getMany([...new Set(guilds)]);
      return new Map(Array.from(known, ([guild, { name }]) => [guild as GuildId, name]));
    },

    /** Every guild with a known name, in no order. */
    async *guilds(): AsyncGenerator<GuildId> {
      for await (const guild of names.keys()) yield guild as GuildId;
    },
  };
}
