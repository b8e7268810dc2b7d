import { toJson } from '../api/web-api.ts';
import { markdownContent, plainNotice } from '../text/message-content.ts';

/** Says something to the person behind an interaction, even where the bot is not a member. Five times in half an hour. */
export interface ResponseUrl {
  /** As Markdown, or as plain text if Slack does not take that here. Resolves to whether it took either. */
  tellPrivately(text: string, threadTs: string | null, signal: AbortSignal): Promise<boolean>;
}

const MAX_USES = 5;
const TIMEOUT_MS = 10_000;

/** Null where the address is not one of Slack's, or of the API host that is configured: what is said may be private. */
export function createResponseUrl(
  url: string,
  apiUrl: string,
  fetch: typeof globalThis.fetch,
): ResponseUrl | null {
  if (!isAddressOfSlack(url, apiUrl)) return null;
  let uses = 0;

  /** `refused`: Slack answered, and the answer is no. */
  async function post(body: object, signal: AbortSignal): Promise<'taken' | 'refused' | 'failed'> {
    if (uses >= MAX_USES) return 'failed';
    uses += 1;
    try {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'error',
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body: toJson(body),
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await response.body?.cancel();
      return response.ok ? 'taken' : 'refused';
    } catch {
      signal.throwIfAborted();
      return 'failed';
    }
  }

  return {
    async tellPrivately(text, threadTs, signal) {
      const about = {
        response_type: 'ephemeral',
        replace_original: false,
        thread_ts: threadTs ?? undefined,
      };
      // Incoming webhooks answer Markdown blocks with 500 (slackapi/slack-github-action#440).
      const first = await post({ ...about, ...markdownContent(text) }, signal);
      if (first !== 'refused') return first === 'taken';
      return (await post({ ...about, ...plainNotice(text) }, signal)) === 'taken';
    },
  };
}

function isAddressOfSlack(text: string, apiUrl: string): boolean {
  const url = URL.parse(text);
  if (url === null) return false;
  if (url.origin === new URL(apiUrl).origin) return true;
  return url.protocol === 'https:' && /(?:^|\.)slack(?:-gov)?\.com$/.test(url.hostname);
}
