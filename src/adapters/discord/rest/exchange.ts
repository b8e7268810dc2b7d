import { DefaultUserAgent } from 'discord.js';
import { clip } from '../../../core/kit/text/text-size.ts';
import type { Clock } from '../../../core/kit/time/clock.ts';
import { Deadline } from '../../../core/kit/time/deadline.ts';
import type { Fetch, FetchHeaders } from '../../../core/ports/fetch.ts';
import type { NoticeFile } from '../../../core/ports/surface.ts';
import { DiscordFault } from './errors.ts';
import { SIZES } from './sizes.ts';

/** One HTTP request. */
export interface ExchangeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As discord.js's `Routes` returns it, with the query. */
  readonly path: string;
  readonly body?: object;
  readonly files?: readonly NoticeFile[];
}

/** A response that was read completely. */
export interface Answer {
  readonly status: number;
  readonly headers: FetchHeaders;
  readonly text: string;
}

/**
 * Sends a request once, and reads the response.
 * @throws DiscordFault if the outcome is unknown, or the signal's reason
 */
export type Exchange = (request: ExchangeRequest, signal: AbortSignal) => Promise<Answer>;

export interface ExchangeOptions {
  /** Without the version: `https://discord.com/api`. */
  readonly apiUrl: string;
  readonly token: string;
  readonly fetch: Fetch;
  readonly clock: Clock;
}

/** Discord itself gives up after about this time. */
const TIMEOUT_MS = 15_000;
/** For files: 20 MiB at 3 Mbit/s. */
const UPLOAD_TIMEOUT_MS = 60_000;

/** Requests without an answer fail after 15 s, uploads after 60 s. */
export function createExchange({ apiUrl, token, fetch, clock }: ExchangeOptions): Exchange {
  return async (request, signal) => {
    const { method, path, body, files = [] } = request;
    const timeoutMs = files.length > 0 ? UPLOAD_TIMEOUT_MS : TIMEOUT_MS;
    const late = () => new DiscordFault(`no answer within ${timeoutMs / 1_000} s`);
    const limit = new Deadline(clock, timeoutMs, signal, late);
    try {
      const response = await fetch(`${apiUrl}/v10${path}`, {
        method,
        signal: limit.signal,
        headers: {
          'User-Agent': `${DefaultUserAgent} Parley`,
          // Webhook routes carry their own token; a bot token would be checked as well.
          ...(isInteractionPath(path) ? {} : { Authorization: `Bot ${token}` }),
          ...(body && files.length === 0 ? { 'Content-Type': 'application/json' } : {}),
        },
        ...bodyOf(body, files),
      });
      // Read here, within the same timeout.
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (error) {
      limit.signal.throwIfAborted();
      throw new DiscordFault('the connection to Discord failed', { cause: error });
    } finally {
      limit.stop();
    }
  };
}

/** Exempt from the global limit, and authorised by the token in the path. */
export function isInteractionPath(path: string): boolean {
  return path.startsWith('/interactions/') || path.startsWith('/webhooks/');
}

function bodyOf(body: object | undefined, files: readonly NoticeFile[]): { body?: string | FormData } {
  if (files.length === 0) return body ? { body: JSON.stringify(body) } : {};
  const form = new FormData();
  const attachments = files.map(({ name, description }, id) => ({
    id,
    filename: name,
    description: clip(description, SIZES.attachmentDescription),
  }));
  form.append('payload_json', JSON.stringify({ ...body, attachments }));
  for (const [index, { name, mediaType, bytes }] of files.entries()) {
    form.append(`files[${index}]`, new Blob([new Uint8Array(bytes)], { type: mediaType }), name);
  }
  return { body: form };
}
