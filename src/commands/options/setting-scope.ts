import { auditRecord } from '../../core/access/audit.ts';
import type { CommandContext } from '../../core/command.ts';
import { starterOf } from '../../core/conversations/conversation.ts';
import type { SettingScope, SettingTarget } from '../../core/conversations/settings.ts';
import { oneLine } from '../../core/kit/text/text.ts';
import { accountOf, mayActAs } from '../../core/ports/actor.ts';
import type { LogRecord } from '../../core/ports/store.ts';

export const SCOPE_WORDS = {
  conversation: 'this conversation',
  channel: 'this channel',
  guild: 'all channels',
} as const satisfies Record<SettingScope, string>;

/** Choices of an option for the scope of a setting. */
export const SCOPE_LABELS = {
  conversation: 'This conversation',
  channel: 'This channel (admins)',
  guild: 'All channels (admins)',
} as const satisfies Record<SettingScope, string>;

const MAX_AUDIT_CHARS = 200;

/**
 * The place of a setting that a person may change: admins may change channel and guild; a conversation, admins and the person
 * who began it. Otherwise a sentence for the person.
 *
 * @param what for example "the persona"
 */
export async function ownedTarget(
  { actor, place, services }: CommandContext,
  scope: SettingScope,
  what: string,
): Promise<SettingTarget | string> {
  const isAdmin = mayActAs(await services.roles(actor), 'admin');
  if (scope !== 'conversation') {
    if (isAdmin) return { place, conversation: null };
    return `Only an admin can change ${what} for ${SCOPE_WORDS[scope]}.`;
  }
  if (place.key === null) {
    return `There is no conversation here for which to change ${what}. Use this command inside a thread or direct message${isAdmin ? ', or give it a `scope`' : ''}.`;
  }
  const conversation = await services.chat.openConversation(place);
  const starter = starterOf(conversation);
  if (!isAdmin && starter !== null && starter !== actor.user) {
    return `Only the person who began this conversation or an admin can change ${what} for it.`;
  }
  return { place, conversation: conversation.id };
}

/**
 * The entry for an admin's change in the audit log; undefined if it concerns only a conversation, whose settings belong to its
 * people.
 */
export function changeRecord(
  { actor, place, services }: CommandContext,
  scope: SettingScope,
  what: string,
  to: string | null,
): LogRecord | undefined {
  if (scope === 'conversation') return undefined;
  const where = scope === 'channel' ? ` of channel ${place.channelName ?? place.channel}` : '';
  return auditRecord({
    guild: place.guild,
    by: accountOf(actor),
    atMs: services.clock.now(),
    action: 'settings.change',
    from: `${what}${where}`,
    to: to === null ? null : oneLine(to, MAX_AUDIT_CHARS),
    reason: '',
  });
}
