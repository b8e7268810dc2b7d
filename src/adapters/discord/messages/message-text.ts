import { type Message, MessageType } from 'discord.js';
import { withoutCode } from '../../../core/kit/text/code-spans.ts';
import { plainName } from '../../../core/kit/text/text.ts';
import type { Address } from '../../../core/ports/address.ts';
import { type NameOf, namesIn, withNames } from './names.ts';

/** Matches the bot's mention, by name or by the role that Discord made for it; null if there is none. */
export function mentionOf({ content, mentions }: Message, botId: string): RegExp | null {
  const role = mentions.roles.find(({ tags }) => tags?.botId === botId);
  const pattern = new RegExp(role ? `<@!?${botId}>|<@&${role.id}>` : `<@!?${botId}>`);
  return pattern.test(withoutCode(content)) ? pattern : null;
}

/** A mention of a user, a role or everybody: https://docs.discord.com/developers/reference#message-formatting */
const OPENING_MENTION = /^\s*(?:<@[!&]?\d+>|@(?:everyone|here)\b)/;

export function addressOf(message: Message, mention: RegExp | null, botId: string): Address {
  const { content, channel, type, mentions, author } = message;
  const opening = OPENING_MENTION.exec(content)?.[0];
  const repliedTo = type === MessageType.Reply ? (mentions.repliedUser?.id ?? null) : null;
  return {
    isDirect: channel.isDMBased(),
    mentionsBot: mention !== null,
    opensWithOther: opening !== undefined && mention?.test(opening) !== true,
    repliesTo: repliedTo === botId ? 'bot' : repliedTo === null || repliedTo === author.id ? null : 'other',
  };
}

function nameOf({ mentions, guild, member }: Message): NameOf {
  const inGuild = namesIn(guild, member);
  return (kind, id) => {
    if (kind !== '@') return inGuild(kind, id);
    return plainName(mentions.members?.get(id)?.displayName ?? mentions.users.get(id)?.displayName ?? '');
  };
}

/**
 * The text of a message without a leading mention of the bot, and with names instead of ids of people, roles, channels and
 * emoji.
 */
export function textOf(message: Message, mention: RegExp | null): string {
  const { content } = message;
  const opening = mention && new RegExp(`^\\s*(?:(?:${mention.source})[\\s,:]*)+`);
  return withNames(opening ? content.replace(opening, '') : content, nameOf(message)).trim();
}
