import { withoutCode } from '../../../core/kit/text/code-spans.ts';
import { plainName } from '../../../core/kit/text/text.ts';
import type { Address } from '../../../core/ports/address.ts';
import type { Directory } from '../people/directory.ts';

const MENTION = /<@([UWB][A-Z0-9]+)(?:\|([^<>]*))?>/g;
/** A mention of a user, a group or everybody: https://docs.slack.dev/messaging/formatting-message-text#special-mentions */
const OPENING_MENTION = /^\s*<(?:@([UWB][A-Z0-9]+)|!(?:subteam\^|here\b|channel\b|everyone\b))[^<>]*>/;
const UNNAMED = /<(?:#([CG][A-Z0-9]+)\|?|!subteam\^(S[A-Z0-9]+)\|?)>/g;
const TOKEN = /<([^<>\s][^<>]*)>/g;

/** Names looked up per message; more mentions are not a conversation. */
const MAX_NAMES = 10;

/** The mentioned people, in order. */
function mentionedIn(text: string): string[] {
  return [...text.matchAll(MENTION)].map(([, user]) => user ?? '');
}

/** Whom a message addresses. Slack has no replies except threads. */
export function addressOf(text: string, bot: string, isDirect: boolean): Address {
  const [opening, user] = OPENING_MENTION.exec(text) ?? [];
  return {
    isDirect,
    mentionsBot: mentionedIn(withoutCode(text)).includes(bot),
    opensWithOther: opening !== undefined && user !== bot,
    repliesTo: null,
  };
}

/**
 * A person's message as people see it: without a leading mention of the bot, with names for other mentions, Markdown links,
 * and characters for entities.
 */
export async function readText(
  text: string,
  bot: string,
  directory: Pick<Directory, 'name'>,
): Promise<string> {
  const rest = withoutAddressee(text, bot);
  const ids = [...new Set([...mentionedIn(rest), ...unnamedIn(rest)])].slice(0, MAX_NAMES);
  const names = new Map(await Promise.all(ids.map(async (id) => [id, await directory.name(id)] as const)));
  return decodeEntities(rest.replace(TOKEN, (token, inner: string) => readToken(token, inner, names)));
}

/** A person's message as the options of a command: people and groups stay ids, and links become the typed words. */
export function readOptions(text: string, bot: string): string {
  return asTyped(withoutAddressee(text, bot));
}

/** Turns links into the typed words, and entities into characters. */
export function asTyped(text: string): string {
  const plain = (token: string, inner: string): string => {
    const [target = '', label] = splitLabel(inner);
    return isLink(target) ? (label ?? target) : token;
  };
  return decodeEntities(text.replace(TOKEN, plain));
}

function withoutAddressee(text: string, bot: string): string {
  const [opening = '', user] = OPENING_MENTION.exec(text) ?? [];
  return user === bot ? text.slice(opening.length).replace(/^[\s,:]+/, '') : text;
}

/** Slack escapes exactly these three characters. */
export function decodeEntities(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** Channels and groups that Slack names only by id. */
function unnamedIn(text: string): string[] {
  return [...text.matchAll(UNNAMED)].map(([, channel, group]) => channel ?? group ?? '');
}

function readToken(token: string, inner: string, names: ReadonlyMap<string, string | null>): string {
  const [target = '', label] = splitLabel(inner);
  const nameOf = (id: string) => plainName(names.get(id) ?? label ?? '');
  if (target.startsWith('@')) return `@${nameOf(target.slice(1)) || target.slice(1)}`;
  if (target.startsWith('#')) return `#${nameOf(target.slice(1)) || target.slice(1)}`;
  if (target.startsWith('!')) {
    const [what = '', id = ''] = target.slice(1).split('^');
    return what === 'subteam' ? `@${nameOf(id).replace(/^@/, '') || id}` : (label ?? `@${what}`);
  }
  if (!isLink(target)) return token;
  return label === undefined || label === target ? target : `[${label}](${target})`;
}

function splitLabel(inner: string): [string, string | undefined] {
  const bar = inner.indexOf('|');
  return bar < 0 ? [inner, undefined] : [inner.slice(0, bar), inner.slice(bar + 1) || undefined];
}

/** Whether the target is an address, by its scheme. */
export function isLink(target: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(target);
}
