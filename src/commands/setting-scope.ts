import type { CommandContext } from '../core/command.ts';
import { starterOf } from '../core/conversations/conversations.ts';
import type { SettingScope, SettingTarget } from '../core/conversations/settings.ts';
import { oneLine } from '../core/kit/text.ts';
import { mayActAs, platformOf } from '../core/ports/actor.ts';

export const SCOPE_WORDS = {
  conversation: 'this conversation',
  channel: 'this channel',
  guild: 'all channels',
} as const satisfies Record<SettingScope, string>;

/** For an option that says where a setting counts. */
export const SCOPE_CHOICES = [
  { value: 'conversation', label: 'This conversation' },
  { value: 'channel', label: 'This channel (admins)' },
  { value: 'guild', label: 'All channels (admins)' },
] as const satisfies readonly { readonly value: SettingScope; readonly label: string }[];

const MAX_AUDIT_CHARS = 200;

/**
 * Where a person may change how the bot answers: channel and guild are the admins', a conversation is that of whoever began it and
 * of admins. Else what to tell them.
 *
 * @param what such as "the persona"
 */
export async function ownedTarget(
  { actor, place, services }: CommandContext,
  scope: SettingScope,
  what: string,
): Promise<({ readonly ok: true } & SettingTarget) | { readonly ok: false; readonly text: string }> {
  const isAdmin = mayActAs(await services.roles(actor), 'admin');
  if (scope !== 'conversation') {
    if (isAdmin) return { ok: true, place, conversation: null };
    return { ok: false, text: `Only an admin can change ${what} for ${SCOPE_WORDS[scope]}.` };
  }
  if (place.key === null) {
    const text = `There is no conversation here to change ${what} for. Use this command inside a thread or direct message${isAdmin ? ', or give it a `scope`' : ''}.`;
    return { ok: false, text };
  }
  const conversation = await services.chat.openConversation(place);
  const starter = starterOf(conversation);
  if (!isAdmin && starter !== null && starter !== actor.user) {
    return {
      ok: false,
      text: `Only the person who began this conversation or an admin can change ${what} for it.`,
    };
  }
  return { ok: true, place, conversation: conversation.id };
}

/** Notes in the audit log what an admin changed beyond a conversation; a conversation's settings are its people's. */
export async function recordChange(
  { actor, place, services }: CommandContext,
  scope: SettingScope,
  what: string,
  to: string | null,
): Promise<void> {
  if (scope === 'conversation') return;
  const where = scope === 'channel' ? ` of channel ${place.channelName ?? place.channel}` : '';
  await services.audit.append({
    guild: place.guild,
    by: `${platformOf(actor.guild)}:${actor.user}`,
    atMs: services.clock.now(),
    action: 'settings.change',
    from: `${what}${where}`,
    to: to === null ? null : oneLine(to, MAX_AUDIT_CHARS),
    reason: '',
  });
}
