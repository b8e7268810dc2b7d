import { ApiError } from '../api-error.ts';
import { asList, asString } from '../json.ts';
import { channelToWrite, type Methods, threadOf } from '../method.ts';
import { messageEvent } from './chat.ts';

/** The path of uploads, below the fake's origin. */
export const UPLOAD_PATH = '/upload/v1/';

export const fileMethods = {
  'files.getUploadURLExternal': {
    tier: 't4',
    scope: 'files:write',
    handle(args, { workspace, origin }) {
      const id = workspace.nextId('F');
      if (!(Number(args['length']) > 0)) throw new ApiError('invalid_arguments');
      workspace.files.set(id, {
        id,
        name: asString(args['filename']),
        mediaType: 'application/octet-stream',
        bytes: new Uint8Array(),
        altText: asString(args['alt_txt'] ?? args['alt_text']),
      });
      return { upload_url: `${origin}${UPLOAD_PATH}${id}`, file_id: id };
    },
  },

  'files.delete': {
    tier: 't3',
    scope: 'files:write',
    handle(args, { workspace }) {
      if (!workspace.files.delete(asString(args['file']))) throw new ApiError('file_not_found');
      return {};
    },
  },

  'files.completeUploadExternal': {
    tier: 't4',
    scope: 'files:write',
    handle(args, context) {
      const files = asList(args['files']).map((given) => {
        const file = context.workspace.files.get(asString(given['id']));
        if (file === undefined || file.bytes.length === 0) throw new ApiError('file_not_found');
        return file;
      });
      if (args['channel_id'] !== undefined) {
        const channel = channelToWrite(args, context, 'channel_id');
        const message = context.workspace.add({
          channel: channel.id,
          threadTs: threadOf(args, channel, context),
          user: context.app.botUserId,
          botId: context.app.botId,
          ephemeralTo: null,
          content: { text: asString(args['initial_comment']) },
          metadata: undefined,
          files,
          stream: null,
        });
        context.emit(messageEvent(message, channel, context));
      }
      return { files: files.map((file) => ({ id: file.id, title: file.name })) };
    },
  },
} as const satisfies Methods;
