import { asList, asString, isJson, type Json } from './json.ts';

/** Somebody (or a channel's name) that a text would reach or reveal. */
export interface Ping {
  readonly kind: 'channel' | 'here' | 'everyone' | 'user' | 'usergroup' | 'channel-link';
  readonly target: string;
}

const LIVE_TOKEN =
  /<(?:!(channel|here|everyone|group)|@([UW][A-Z0-9]+)|!subteam\^([A-Z0-9]+)|#(C[A-Z0-9]+))(?:\|[^<>]*)?>/gi;
const PLAIN_BROADCAST = /(?<![\w<!])@(channel|here|everyone)\b/gi;

/**
 * The pings that Slack reads out of a text. Only raw angle brackets are live; `&lt;` shows as a character and is not read again.
 * Plain `@here` counts only where the request asks for it (`parse=full`, `link_names`).
 */
export function pingsIn(text: string, linksNames = false): Ping[] {
  const pings: Ping[] = [];
  for (const [, broadcast, user, group, channel] of text.matchAll(LIVE_TOKEN)) {
    if (broadcast) pings.push({ kind: broadcastKind(broadcast), target: broadcast.toLowerCase() });
    else if (user) pings.push({ kind: 'user', target: user });
    else if (group) pings.push({ kind: 'usergroup', target: group });
    else if (channel) pings.push({ kind: 'channel-link', target: channel });
  }
  if (linksNames) {
    for (const [, word] of text.matchAll(PLAIN_BROADCAST)) {
      if (word) pings.push({ kind: broadcastKind(word), target: word.toLowerCase() });
    }
  }
  return pings;
}

/** All pings of a message: its text, its Markdown and every text that Slack parses inside its blocks. */
export function pingsOfMessage(message: {
  text?: string | undefined;
  markdown?: string | undefined;
  blocks?: readonly Json[] | undefined;
  linksNames?: boolean;
}): Ping[] {
  const parsed = [message.text ?? '', message.markdown ?? ''];
  const pings: Ping[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    if (!isJson(value)) return;
    const type = asString(value['type']);
    if (type === 'plain_text') return;
    if ((type === 'mrkdwn' || type === 'markdown') && typeof value['text'] === 'string')
      parsed.push(value['text']);
    if (type === 'broadcast')
      pings.push({ kind: broadcastKind(asString(value['range'])), target: asString(value['range']) });
    if (type === 'user') pings.push({ kind: 'user', target: asString(value['user_id']) });
    if (type === 'usergroup') pings.push({ kind: 'usergroup', target: asString(value['usergroup_id']) });
    for (const inner of Object.values(value)) visit(inner);
  };
  visit(asList(message.blocks));
  return [...pings, ...parsed.flatMap((text) => pingsIn(text, message.linksNames))];
}

function broadcastKind(word: string): 'channel' | 'here' | 'everyone' {
  const lower = word.toLowerCase();
  return lower === 'here' || lower === 'everyone' ? lower : 'channel';
}
