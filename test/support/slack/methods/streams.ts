import { ApiError } from '../api-error.ts';
import { checkBlocks, MAX_MESSAGE_BYTES, textBytes } from '../blocks.ts';
import { bytesOf } from '../bytes.ts';
import { markdownOf } from '../content.ts';
import { asList, asString, type Json } from '../json.ts';
import {
  channelToWrite,
  type MethodContext,
  type Methods,
  messageJson,
  notePings,
  ownMessage,
  threadOf,
} from '../method.ts';
import type { Content, SlackMessage } from '../workspace.ts';
import { messageEvent } from './chat.ts';

export const streamMethods = {
  'chat.startStream': {
    tier: 't2',
    scope: 'chat:write',
    handle(args, context) {
      const channel = channelToWrite(args, context);
      if (!context.app.features.streaming) throw new ApiError('channel_type_not_supported');
      const threadTs = threadOf(args, channel, context);
      if (threadTs === null) throw new ApiError('invalid_thread_ts');
      const recipient = args['recipient_user_id'];
      if (channel.kind !== 'im') {
        if (args['recipient_team_id'] === undefined) throw new ApiError('missing_recipient_team_id');
        if (recipient === undefined) throw new ApiError('missing_recipient_user_id');
        if (!context.workspace.users.has(asString(recipient))) throw new ApiError('user_not_found');
      }
      const message = context.workspace.add({
        channel: channel.id,
        threadTs,
        user: context.app.botUserId,
        botId: context.app.botId,
        ephemeralTo: null,
        content: streamed(chunkText(args)),
        metadata: undefined,
        files: [],
        stream: { startedAtMs: context.clock.now(), recipient: asString(recipient) || null, state: 'live' },
      });
      notePings(message, args, context);
      return { channel: channel.id, ts: message.ts };
    },
  },

  'chat.appendStream': {
    tier: 't4',
    scope: 'chat:write',
    handle(args, context) {
      const message = liveStream(args, context);
      const text = chunkText(args);
      if (text === '') throw new ApiError('no_text');
      append(message, text);
      notePings(message, args, context);
      return { channel: message.channel, ts: message.ts };
    },
  },

  'chat.stopStream': {
    tier: 't2',
    scope: 'chat:write',
    handle(args, context) {
      const message = liveStream(args, context);
      const blocks = args['blocks'] === undefined ? [] : checkBlocks(args['blocks'], 'message');
      const text = chunkText(args);
      const whole = (message.content.markdown ?? '') + text;
      if (bytesOf(whole) + textBytes(blocks) > MAX_MESSAGE_BYTES) throw new ApiError('msg_too_long');
      if (text !== '') append(message, text);
      if (message.stream !== null) message.stream.state = 'stopped';
      const markdown = message.content.markdown ?? '';
      message.content = {
        text: markdown,
        blocks: markdown === '' ? blocks : [{ type: 'markdown', text: markdown }, ...blocks],
      };
      if (args['metadata'] !== undefined) message.metadata = args['metadata'];
      notePings(message, args, context);
      const channel = context.workspace.channels.get(message.channel);
      if (channel !== undefined) context.emit(messageEvent(message, channel, context));
      return { channel: message.channel, ts: message.ts, message: messageJson(message, context) };
    },
  },
} as const satisfies Methods;

function liveStream(args: Json, context: MethodContext): SlackMessage {
  const message = ownMessage(args, channelToWrite(args, context), context);
  if (message.stream?.state === 'stopped_by_user') throw new ApiError('stopped_by_user');
  if (!context.workspace.isStreaming(message)) throw new ApiError('message_not_in_streaming_state');
  return message;
}

function streamed(markdown: string): Content {
  return { text: markdown, markdown };
}

function append(message: SlackMessage, text: string): void {
  const markdown = (message.content.markdown ?? '') + text;
  if (bytesOf(markdown) > MAX_MESSAGE_BYTES) throw new ApiError('msg_too_long');
  message.history.push(message.content);
  message.content = streamed(markdown);
}

function chunkText(args: Json): string {
  const chunks = asList(args['chunks']);
  const text = chunks
    .filter((chunk) => chunk['type'] === 'markdown_text')
    .map((chunk) => asString(chunk['text']));
  return (markdownOf(args) ?? '') + text.join('');
}
