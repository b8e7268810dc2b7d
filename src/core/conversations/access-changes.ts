import type { AuditLog } from '../access/audit.ts';
import { entriesOf, type Listed, type ListName, listedInWords, withListed } from '../access/lists.ts';
import type { Clock } from '../kit/clock.ts';
import type { GuildId } from '../ports/actor.ts';
import type { Settings } from './settings.ts';

export interface AccessChange extends Listed {
  readonly guild: GuildId;
  /** The list on which it stands from now on; null for none. */
  readonly to: ListName | null;
  /** Who changes it, for the audit log. */
  readonly by: string;
}

/** Changes who may use the bot in a guild, and notes it in the audit log. Resolves to false, with nothing changed, if the list is full. */
export async function changeAccess(
  {
    settings,
    audit,
    clock,
  }: {
    readonly settings: Pick<Settings, 'changeLists'>;
    readonly audit: Pick<AuditLog, 'append'>;
    readonly clock: Clock;
  },
  { guild, to, by, ...listed }: AccessChange,
): Promise<boolean> {
  let from: ListName | null = null;
  const isChanged = await settings.changeLists(guild, (before) => {
    from = entriesOf(before).find(({ kind, id }) => kind === listed.kind && id === listed.id)?.list ?? null;
    return withListed(before, listed, to);
  });
  if (!isChanged) return false;
  if (from !== to) {
    const words = (list: ListName | null) => list && `${list} ${listedInWords(guild, listed)}`;
    const atMs = clock.now();
    await audit.append({
      guild,
      by,
      atMs,
      action: 'access.change',
      from: words(from),
      to: words(to),
      reason: '',
    });
  }
  return true;
}
