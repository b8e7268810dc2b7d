import type { NoticeFile } from '../../../core/ports/surface.ts';
import type { Spot } from '../api/pages.ts';
import { SlackRefusal } from '../api/web-api.ts';
import { textOf, type Workspace } from '../api/workspace.ts';

/**
 * Posts files to a place, as one message. A retry does not upload them again, and repeats a post with unknown outcome with
 * the same ids, which Slack shares only once.
 * @see https://docs.slack.dev/messaging/working-with-files#upload
 */
export function createUpload(
  workspace: Workspace,
  { channel, threadTs }: Spot,
  files: readonly NoticeFile[],
): (signal: AbortSignal) => Promise<void> {
  const uploaded: { id: string; title: string }[] = [];
  let isUnclear = false;
  return async (signal) => {
    for (const file of files.slice(uploaded.length)) {
      const slot = await workspace.call(
        'files.getUploadURLExternal',
        { filename: file.name, length: file.bytes.byteLength, alt_txt: file.description },
        signal,
      );
      await workspace.api.upload(textOf(slot['upload_url']), file.bytes, signal);
      uploaded.push({ id: textOf(slot['file_id']), title: file.description });
    }
    try {
      const args = { files: uploaded, channel_id: channel, thread_ts: threadTs };
      await workspace.call('files.completeUploadExternal', args, signal);
    } catch (error) {
      // A refusal after a try with unknown outcome means that the first one has shared them.
      if (isUnclear && error instanceof SlackRefusal) return;
      isUnclear ||= !(error instanceof SlackRefusal);
      throw error;
    }
  };
}

/** Deletes a file of the bot from every place where it was shared. */
export async function deleteFile(workspace: Workspace, file: string, signal: AbortSignal): Promise<void> {
  await workspace.call('files.delete', { file }, signal);
}
