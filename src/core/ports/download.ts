import { FileUnavailable } from './files.ts';

export interface Download {
  readonly url: string;
  /** Origins that the address may have, such as `https://cdn.discordapp.com`; credentials go nowhere else. */
  readonly origins: ReadonlySet<string>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch: typeof fetch;
  readonly maxBytes: number;
}

/** A platform answered with another status than 200. */
export class DownloadRefused extends Error {
  override readonly name = 'DownloadRefused';
  readonly code = 'download_refused';
  readonly status: number;

  constructor(status: number) {
    super(`a file was answered with HTTP ${status}`);
    this.status = status;
  }
}

/**
 * Fetches a file from a platform's own hosts, and follows no redirect. Ends as soon as more than `maxBytes` have come.
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
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.byteLength;
    if (Math.max(length, declared) > maxBytes) {
      throw new FileUnavailable(`It is larger than ${Math.round(maxBytes / 1_000_000)} MB.`);
    }
    parts.push(part);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}
