import { type Clock, steadyClock } from '../../../core/kit/time/clock.ts';
import { Deadline } from '../../../core/kit/time/deadline.ts';
import type { Fetch } from '../../../core/ports/fetch.ts';
import { toJson } from '../api/web-api.ts';
import { markdownContent, plainNotice } from '../text/message-content.ts';

/**
 * Sends messages to the person behind an interaction, even where the bot is not a member. At most five, within half an hour.
 */
export interface ResponseUrl {
  /** Sends Markdown, or plain text if Slack refuses that here. Resolves to whether either was accepted; never rejects. */
  tellPrivately(text: string, threadTs: string | null, signal: AbortSignal): Promise<boolean>;
}

const MAX_USES = 5;
const TIMEOUT_MS = 10_000;

/**
 * A try fails after 10 s. Null unless the address is Slack's, or that of the configured API host, because the messages may be
 * private.
 *
 * @param clock for the timeout
 */
export function createResponseUrl(
  url: string,
  apiUrl: string,
  fetch: Fetch,
  clock: Clock = steadyClock,
): ResponseUrl | null {
  if (!isAddressOfSlack(url, apiUrl)) return null;
  let uses = 0;

  /** `refused`: Slack answered with an error. */
  async function post(body: object, signal: AbortSignal): Promise<'taken' | 'refused' | 'failed'> {
    if (uses >= MAX_USES) return 'failed';
    uses += 1;
    const late = () => new Error(`no answer within ${TIMEOUT_MS / 1_000} s`);
    const limit = new Deadline(clock, TIMEOUT_MS, signal, late);
    try {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'error',
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body: toJson(body),
        signal: limit.signal,
      });
      await response.body?.cancel();
      return response.ok ? 'taken' : 'refused';
    } catch {
      return 'failed';
    } finally {
      limit.stop();
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
