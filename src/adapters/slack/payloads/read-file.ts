import { z } from 'zod';
import { parseJson } from '../../../core/kit/json.ts';
import { DownloadRefused, download } from '../../../core/ports/download.ts';
import type { Fetch } from '../../../core/ports/fetch.ts';
import { FileUnavailable } from '../../../core/ports/files.ts';
import { isRefusal } from '../api/errors.ts';
import type { Workspace } from '../api/workspace.ts';
import { fileReference } from './message-parts.ts';

export interface FileReaderOptions {
  readonly workspace: Workspace;
  readonly botToken: string;
  readonly apiUrl: string;
  readonly fetch: Fetch;
}

const NO_SCOPE =
  'The Slack app may not read files here. An admin can add the bot scope files:read and reinstall the app.';

const infoSchema = z.object({
  file: z.object({ url_private_download: z.string().optional(), url_private: z.string().optional() }),
});

/** Fetches the workspace's files with the bot's token, which is sent to Slack's own hosts only. */
export function createFileReader({ workspace, botToken, apiUrl, fetch }: FileReaderOptions) {
  const origins = new Set(['https://files.slack.com', new URL(apiUrl).origin]);
  const headers = { authorization: `Bearer ${botToken}` };

  return async (
    reference: string,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> => {
    const { id, url: known } = fileReference.parse(parseJson(reference));
    // For a shared channel's file of another workspace, events contain only the id.
    const url = known ?? (await addressOf(id, signal));
    try {
      return await download({ url, origins, headers, fetch, maxBytes }, signal);
    } catch (error) {
      if (!(error instanceof DownloadRefused)) throw error;
      // Without the scope Slack redirects to the login page.
      if ([301, 302, 303, 307, 308, 401, 403].includes(error.status)) throw new FileUnavailable(NO_SCOPE);
      if (error.status === 404 || error.status === 410) {
        throw new FileUnavailable('It is no longer on Slack.');
      }
      throw error;
    }
  };

  async function addressOf(file: string, signal: AbortSignal): Promise<string> {
    try {
      const answer = infoSchema.parse(await workspace.call('files.info', { file }, signal));
      const url = answer.file.url_private_download ?? answer.file.url_private;
      if (url !== undefined) return url;
    } catch (error) {
      if (isRefusal(error, 'missing_scope')) throw new FileUnavailable(NO_SCOPE);
      throw error;
    }
    throw new FileUnavailable('It is no longer on Slack.');
  }
}
