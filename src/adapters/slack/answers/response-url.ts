import { toJson } from '../api/web-api.ts';
import type { MessageContent } from '../text/message-content.ts';

/** Says something to the person behind an interaction, even where the bot is not a member. Five times in half an hour. */
export interface ResponseUrl {
  /** Resolves to whether Slack took it. */
  tellPrivately(content: MessageContent, threadTs: string | null, signal: AbortSignal): Promise<boolean>;
}

const MAX_USES = 5;
const TIMEOUT_MS = 10_000;

/** Null where the address is not one of Slack's, or of the API host that is configured: what is said may be private. */
export function createResponseUrl(
  url: string,
  apiUrl: string,
  fetch: typeof globalThis.fetch,
): ResponseUrl | null {
  if (!isSignedBySlack(url, apiUrl)) return null;
  let uses = 0;
  return {
    async tellPrivately(content, threadTs, signal) {
      if (uses >= MAX_USES) return false;
      uses += 1;
      try {
        const response = await fetch(url, {
          method: 'POST',
          redirect: 'error',
          headers: { 'content-type': 'application/json; charset=utf-8' },
          body: toJson({
            response_type: 'ephemeral',
            replace_original: false,
            thread_ts: threadTs ?? undefined,
            ...content,
          }),
          signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        });
        await response.body?.cancel();
        return response.ok;
      } catch {
        signal.throwIfAborted();
        return false;
      }
    },
  };
}

function isSignedBySlack(text: string, apiUrl: string): boolean {
  const url = URL.parse(text);
  if (url === null) return false;
  if (url.origin === new URL(apiUrl).origin) return true;
  return url.protocol === 'https:' && /(?:^|\.)slack(?:-gov)?\.com$/.test(url.hostname);
}
