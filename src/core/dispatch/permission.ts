import { refusalByLists } from '../access/lists.ts';
import type { Command } from '../command.ts';
import { mayActAs } from '../ports/actor.ts';
import type { InboundEvent } from '../ports/events.ts';
import type { Services } from '../services.ts';

type Asker = Pick<InboundEvent, 'actor' | 'place'>;

export type Permission = ReturnType<typeof createPermission>;

/** Checks, apart from limits, whether people may do something here. Each resolves to a sentence for them, or null. */
export function createPermission(services: Services) {
  const isAdmin = async ({ actor }: Pick<Asker, 'actor'>) => mayActAs(await services.roles(actor), 'admin');

  /** Whether the guild's access lists let a person use the bot here. */
  async function barOf(asker: Asker): Promise<string | null> {
    const lists = await services.settings.lists(asker.place.guild);
    return refusalByLists(lists, asker, () => isAdmin(asker));
  }

  return {
    barOf,
    /** Whether a person may run a command here, with any options. */
    async refusalOf(command: Command, { actor, place }: Asker): Promise<string | null> {
      const { name, role, reply, isOpenToAll } = command;
      if (role !== 'member' && !mayActAs(await services.roles(actor), role)) {
        return `Only ${role === 'admin' ? 'an admin' : 'the operator of this bot'} can use \`/${name}\`.`;
      }
      if (!isOpenToAll && !(reply === 'private' && (await isAdmin({ actor })))) {
        const bar = await barOf({ actor, place });
        if (bar !== null) return bar;
      }
      return (await command.refuse?.({ actor, place, services })) ?? null;
    },
  };
}
