import type { Fetch } from './fetch.ts';
import { FileUnavailable, tooLarge } from './files.ts';

/** A file on a platform's own servers, and how to fetch it. */
export interface Download {
  readonly url: string;
  /** Allowed origins, such as `https://cdn.discordapp.com`. Credentials go nowhere else. */
  readonly origins: ReadonlySet<string>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch: Fetch;
  readonly maxBytes: number;
}

/** A platform answered a download with a status other than 200. */
export class DownloadRefused extends Error {
  override readonly name = 'DownloadRefused';
  readonly code = 'download_refused';
  readonly status: number;

  constructor(status: number) {
    super(`a download failed with HTTP ${status}`);
    this.status = status;
  }
}

/**
 * Fetches a file from a platform's own hosts. Follows no redirect, and stops as soon as more than `maxBytes` arrived.
 *
 * @throws FileUnavailable, DownloadRefused, or the signal's reason
 */
export async function download(
  { url, origins, headers = {}, fetch, maxBytes }: Download,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const address = URL.parse(url);
  if (address === null || !origins.has(address.origin)) {
    throw new FileUnavailable('It is stored elsewhere. Only files that were uploaded here can be read.');
  }
  const response = await fetch(url, { headers, redirect: 'manual', signal });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new DownloadRefused(response.status);
  }
  const declared = Number(response.headers.get('content-length') ?? 0);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.byteLength;
    if (Math.max(length, declared) > maxBytes) {
      throw new FileUnavailable(tooLarge(maxBytes));
    }
    parts.push(part);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
