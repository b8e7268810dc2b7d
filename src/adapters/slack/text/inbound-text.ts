import type { Directory } from '../people/directory.ts';

const MENTION = /<@([UWB][A-Z0-9]+)(?:\|([^>]*))?>/g;
const TOKEN = /<([^<>\s][^<>]*)>/g;

/** Names that are looked up for one message; more than that is no conversation. */
const MAX_NAMES = 10;

/** Whom a message mentions, in order. */
export function mentionedIn(text: string): string[] {
  return [...text.matchAll(MENTION)].map(([, user]) => user ?? '');
}

/** The user with whose mention a message starts: it plainly addresses that one. */
export function addresseeOf(text: string): string | null {
  return /^\s*<@([UWB][A-Z0-9]+)(?:\|[^>]*)?>/.exec(text)?.[1] ?? null;
}

/**
 * What a person wrote, as they see it: without the mention of the bot that starts it, other mentions as names, links as
 * Markdown, entities as characters.
 */
export async function readText(
  text: string,
  bot: string,
  directory: Pick<Directory, 'name'>,
): Promise<string> {
  const rest = withoutAddressee(text, bot);
  const ids = [...new Set(mentionedIn(rest))].slice(0, MAX_NAMES);
  const names = new Map(await Promise.all(ids.map(async (id) => [id, await directory.name(id)] as const)));
  return decodeEntities(rest.replace(TOKEN, (token, inner: string) => readToken(token, inner, names)));
}

/**
 * What a person wrote as the options of a command that is for the bot alone: people and groups stay the ids that they are,
 * and links become the words that were typed.
 */
export function readOptions(text: string, bot: string): string {
  return asTyped(withoutAddressee(text, bot));
}

/** Links become the words that were typed, and entities characters. */
export function asTyped(text: string): string {
  const plain = (token: string, inner: string): string => {
    const [target = '', label] = splitLabel(inner);
    return isLink(target) ? (label ?? target) : token;
  };
  return decodeEntities(text.replace(TOKEN, plain));
}

function withoutAddressee(text: string, bot: string): string {
  return addresseeOf(text) === bot ? text.replace(/^\s*<@[^>]*>[\s,:]*/, '') : text;
}

/** Slack escapes these three characters, and no others. */
export function decodeEntities(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

function readToken(token: string, inner: string, names: ReadonlyMap<string, string | null>): string {
  const [target = '', label] = splitLabel(inner);
  if (target.startsWith('@')) return `@${names.get(target.slice(1)) ?? label ?? target.slice(1)}`;
  if (target.startsWith('#')) return `#${label ?? target.slice(1)}`;
  if (target.startsWith('!')) return label ?? `@${target.slice(1).split('^')[0] ?? ''}`;
  if (!isLink(target)) return token;
  return label === undefined || label === target ? target : `[${label}](${target})`;
}

function splitLabel(inner: string): [string, string | undefined] {
  const bar = inner.indexOf('|');
  return bar < 0 ? [inner, undefined] : [inner.slice(0, bar), inner.slice(bar + 1) || undefined];
}

/** Whether this is an address, by its scheme. */
export function isLink(target: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(target);
}
