import type { Logger } from 'pino';
import type { GuildNames } from '../core/access/guild-names.ts';
import type { Clock } from '../core/kit/time/clock.ts';
import { type Background, repeat } from '../core/kit/time/repeat.ts';
import type { GuildId } from '../core/ports/actor.ts';
import type { Adapter } from '../core/ports/adapter.ts';

/** Guilds rarely join or change their names, and only operators see it. */
const EVERY_MS = 10 * 60_000;

/** Stores the guilds' names on their platforms, now and every ten minutes. */
export function startGuildNames(options: {
  readonly adapters: readonly Pick<Adapter, 'guildNames'>[];
  readonly names: Pick<GuildNames, 'keep'>;
  readonly clock: Clock;
  readonly log: Logger;
}): Background {
  const { adapters, names, log } = options;
  const keep = () =>
    names.keep(
      new Map(adapters.flatMap((adapter) => [...(adapter.guildNames?.() ?? new Map<GuildId, string>())])),
    );
  const first = keep().catch((error: unknown) =>
    log.warn({ err: error }, 'could not store the names of guilds'),
  );
  const later = repeat('storing the names of guilds', EVERY_MS, keep, options);
  return {
    async stop() {
      await later.stop();
      await first;
    },
  };
}
