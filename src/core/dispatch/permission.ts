import { refusalByLists } from '../access/lists.ts';
import type { Command } from '../command.ts';
import { mayActAs } from '../ports/actor.ts';
import type { InboundEvent } from '../ports/events.ts';
import type { Services } from '../services.ts';

type Asker = Pick<InboundEvent, 'actor' | 'place'>;

/** Checks whether people may do something here, apart from limits on models. Each check resolves to a sentence for the person; null if they may. */
export interface Permission {
  /** Whether a person may run a command here, with any options. */
  refusalOf(command: Command, asker: Asker): Promise<string | null>;
  /** Whether the guild's access lists let a person use the bot here. */
  barOf(asker: Asker): Promise<string | null>;
}

export function createPermission(services: Services): Permission {
  const isAdmin = async ({ actor }: Pick<Asker, 'actor'>) => mayActAs(await services.roles(actor), 'admin');

  const barOf: Permission['barOf'] = async (asker) => {
    const lists = await services.settings.lists(asker.place.guild);
    return refusalByLists(lists, asker, () => isAdmin(asker));
  };

  return {
    barOf,
    async refusalOf(command, { actor, place }) {
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
