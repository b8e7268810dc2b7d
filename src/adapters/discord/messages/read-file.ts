import { Routes } from 'discord.js';
import { parseJson } from '../../../core/kit/json.ts';
import { DownloadRefused, download } from '../../../core/ports/download.ts';
import type { Fetch } from '../../../core/ports/fetch.ts';
import { FileUnavailable } from '../../../core/ports/files.ts';
import type { DiscordRest } from '../rest/rest.ts';
import { apiMessage, fileReference } from './message-parts.ts';

export interface FileReaderOptions {
  readonly rest: DiscordRest;
  /** A proxy also serves the files. */
  readonly apiUrl: string;
  readonly fetch: Fetch;
}

/** @see https://docs.discord.com/developers/reference#signed-attachment-cdn-urls */
const CDN = ['https://cdn.discordapp.com', 'https://media.discordapp.net'];

const GONE = new FileUnavailable('It is no longer on Discord.');

/** Fetches attachments. Addresses expire within a day; the message of the file then gives a new one. */
export function createFileReader({ rest, apiUrl, fetch }: FileReaderOptions) {
  const origins = new Set([...CDN, new URL(apiUrl).origin]);

  return async (
    reference: string,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> => {
    const { url, message, attachmentId } = fileReference.parse(parseJson(reference));
    const file = await fetched(url);
    if (file !== null) return file;
    const renewed = message === null ? null : await addressOf(message, attachmentId, signal);
    const again = renewed === null ? null : await fetched(renewed);
    if (again === null) throw GONE;
    return again;

    function fetched(address: string): Promise<Uint8Array<ArrayBuffer> | null> {
      return download({ url: address, origins, fetch, maxBytes }, signal).catch((error: unknown) => {
        if (error instanceof DownloadRefused && [401, 403, 404].includes(error.status)) return null;
        throw error;
      });
    }
  };

  async function addressOf(
    { channelId, id }: { readonly channelId: string; readonly id: string },
    attachmentId: string,
    signal: AbortSignal,
  ): Promise<string | null> {
    const path = Routes.channelMessage(channelId, id);
    const answer = await rest.insist({ method: 'GET', path }, signal).catch(() => {
      signal.throwIfAborted();
      throw GONE;
    });
    const parsed = apiMessage.safeParse(answer);
    const { attachments = [], message_snapshots: snapshots = [] } = parsed.data ?? {};
    const all = [...attachments, ...snapshots.flatMap((snapshot) => snapshot.message.attachments)];
    return all.find((attachment) => attachment.id === attachmentId)?.url ?? null;
  }
}
