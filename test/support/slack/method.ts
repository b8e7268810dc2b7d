import type { Clock } from '../../../src/core/kit/time/clock.ts';
import { ApiError } from './api-error.ts';
import type { App } from './app.ts';
import { asString, type Json } from './json.ts';
import type { Ping } from './mentions.ts';
import { pingsOfMessage } from './mentions.ts';
import type { Tier } from './tiers.ts';
import type { Violation } from './violations.ts';
import type { ChannelKind, Content, SlackChannel, SlackFile, SlackMessage, Workspace } from './workspace.ts';

/** A ping that a message of the app would have caused. */
export interface CausedPing extends Ping {
  readonly channel: string;
  readonly ts: string;
}

/** Everything that Web API methods work on. */
export interface MethodContext {
  readonly workspace: Workspace;
  readonly app: App;
  readonly clock: Clock;
  /** The address of the fake's HTTP server, without a slash at the end. */
  readonly origin: string;
  readonly pings: CausedPing[];
  /** Whether Markdown blocks come back as `rich_text`. */
  readonly rendersMarkdown: boolean;
  report(violation: Violation): void;
  /** Sends an event to the app, if it subscribes to it. */
  emit(event: Json): void;
  /** Uses up a trigger of an interaction; resolves to the user who caused it. @throws ApiError */
  useTrigger(id: string): string;
  socketTicket(): string;
}

/** One method of the Web API. */
export interface Method {
  readonly tier: Tier;
  /** The scope that the bot token needs; null: any token will do. */
  readonly scope: string | null | ((args: Json, context: MethodContext) => string);
  readonly token?: 'app';
  /** The channel whose posts are counted, for methods that post. */
  readonly postsTo?: (args: Json) => string;
  handle(args: Json, context: MethodContext): Json;
}

export type Methods = Readonly<Record<string, Method>>;

const KIND_PREFIX = {
  channel: 'channels',
  group: 'groups',
  im: 'im',
  mpim: 'mpim',
} as const satisfies Record<ChannelKind, string>;

/** The scope for reading or history, which depends on the kind of the channel. */
export function scopeByKind(right: 'read' | 'history') {
  return (args: Json, { workspace }: MethodContext): string => {
    const kind = workspace.channels.get(asString(args['channel']))?.kind ?? 'channel';
    return `${KIND_PREFIX[kind]}:${right}`;
  };
}

/** The channel that a request names by its id, or the DM of the user that it names. */
export function channelOf(args: Json, { workspace, app }: MethodContext, field = 'channel'): SlackChannel {
  const id = asString(args[field]);
  const user = workspace.users.get(id);
  if (user !== undefined) return workspace.directMessageWith(user.id, app.botUserId);
  const channel = workspace.channels.get(id);
  if (channel === undefined) throw new ApiError('channel_not_found');
  if (channel.kind !== 'channel' && !channel.members.has(app.botUserId))
    throw new ApiError('channel_not_found');
  return channel;
}

/** As `channelOf`, where the bot has to be a member. */
export function channelToWrite(args: Json, context: MethodContext, field = 'channel'): SlackChannel {
  const channel = channelOf(args, context, field);
  if (!channel.members.has(context.app.botUserId)) throw new ApiError('not_in_channel');
  if (channel.archived) throw new ApiError('is_archived');
  if (channel.restriction !== undefined) throw new ApiError(channel.restriction.error);
  return channel;
}

/** The thread that a request names, checked; null for none. */
export function threadOf(args: Json, channel: SlackChannel, { workspace }: MethodContext): string | null {
  const threadTs = args['thread_ts'];
  if (threadTs === undefined) return null;
  const root = workspace.find(channel.id, asString(threadTs));
  if (root === undefined) throw new ApiError('invalid_thread_ts');
  return root.threadTs ?? root.ts;
}

/** The bot's own message that a request names. */
export function ownMessage(args: Json, channel: SlackChannel, context: MethodContext): SlackMessage {
  const message = context.workspace.find(channel.id, asString(args['ts']));
  if (message === undefined || message.ephemeralTo !== null) throw new ApiError('message_not_found');
  if (message.botId !== context.app.botId) throw new ApiError('cant_update_message');
  return message;
}

/** Slack takes ephemeral messages in every thread, and shows them in those alone that have replies. */
export function hideInNewThread(message: SlackMessage, { workspace, report }: MethodContext): void {
  const { channel, threadTs, ephemeralTo } = message;
  if (ephemeralTo === null || threadTs === null || workspace.list(channel, threadTs).length > 1) return;
  message.deleted = true;
  report({ kind: 'unseen', detail: `an ephemeral message in ${threadTs}, which has no replies` });
}

/** The most that a list gives in one call (docs.slack.dev/apis/web-api/pagination), and what it gives by default. */
const [MAX_PAGE, DEFAULT_PAGE] = [999, 100];

/** The page of a list that a request asks for. @throws ApiError */
export function pageOf<T>(all: readonly T[], { limit = DEFAULT_PAGE, cursor }: Json) {
  const size = Number(limit);
  if (!(size >= 1 && size <= MAX_PAGE)) throw new ApiError('invalid_limit');
  const from = Number(asString(cursor) || 0);
  const end = from + size;
  return { items: all.slice(from, end), next_cursor: end < all.length ? String(end) : '' };
}

export function notePings(message: SlackMessage, args: Json, context: MethodContext): void {
  const linksNames = String(args['link_names']) === 'true' || args['parse'] === 'full';
  for (const ping of pingsOfMessage({ ...message.content, linksNames })) {
    context.pings.push({ ...ping, channel: message.channel, ts: message.ts });
  }
}

/** A message as payloads and answers carry it. */
export function messageJson(
  message: SlackMessage,
  context: Pick<MethodContext, 'workspace' | 'rendersMarkdown' | 'origin'>,
): Json {
  const { workspace, rendersMarkdown } = context;
  return {
    type: 'message',
    user: message.user,
    ts: message.ts,
    team: workspace.teamId,
    ...contentJson(message.content, rendersMarkdown),
    ...(message.botId === null ? {} : { bot_id: message.botId, app_id: 'A0PARLEY' }),
    ...(message.threadTs === null ? {} : { thread_ts: message.threadTs }),
    ...(message.editedTs === null ? {} : { edited: { user: message.user, ts: message.editedTs } }),
    ...(message.files.length === 0 ? {} : { files: message.files.map((file) => fileJson(file, context)) }),
    ...(message.reactions.size === 0
      ? {}
      : {
          reactions: [...message.reactions].map(([name, users]) => ({
            name,
            users: [...users],
            count: users.size,
          })),
        }),
  };
}

/** The path of files, below the fake's origin. */
export const FILES_PATH = '/files-pri/';

export function fileJson(
  { id, name, mediaType, bytes }: SlackFile,
  { workspace, origin }: Pick<MethodContext, 'workspace' | 'origin'>,
): Json {
  const url = `${origin}${FILES_PATH}${workspace.teamId}-${id}`;
  return {
    id,
    name,
    mimetype: mediaType,
    size: bytes.length,
    mode: 'hosted',
    url_private: `${url}/${name}`,
    url_private_download: `${url}/download/${name}`,
  };
}

function contentJson({ attachments, ...content }: Content, rendersMarkdown: boolean): Json {
  return { ...wordsJson(content, rendersMarkdown), ...(attachments === undefined ? {} : { attachments }) };
}

function wordsJson({ text, blocks }: Content, rendersMarkdown: boolean): Json {
  if (blocks === undefined) return { text };
  if (!rendersMarkdown) return { text, blocks };
  return { text: text.replaceAll(ADDRESS, '<$&>'), blocks: blocks.map(rendered) };
}

const ADDRESS = /https?:\/\/[^\s()<>]+/g;

/** Without its markup, which is what matters to those who read it back. */
function rendered(block: Json): Json {
  if (block['type'] !== 'markdown') return block;
  const words = asString(block['text']).replace(/[*_`#>|]/g, '');
  const pieces = words
    .split(/(https?:\/\/[^\s()<>]+|\p{Emoji_Presentation})/u)
    .filter((piece) => piece !== '');
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: pieces.map(element) }] };
}

function element(piece: string): Json {
  if (piece.startsWith('http')) return { type: 'link', url: piece };
  if (!/^\p{Emoji_Presentation}$/u.test(piece)) return { type: 'text', text: piece };
  return { type: 'emoji', name: 'by_its_name', unicode: piece.codePointAt(0)?.toString(16) };
}
