import { ignoring } from '../../../core/kit/or-log.ts';
import { NEVER } from '../../../core/kit/time/over.ts';
import { PlaceGone } from '../../../core/ports/delivery-errors.ts';
import { noticeBodies } from './content.ts';
import type { WebhookWriter } from './message-writers.ts';

/** Discord's "thinking" on an interaction, which the first message or follow-up replaces. */
export type Thinking = ReturnType<typeof createThinking>;

/** @param patient for the removal, which waits for its turn */
export function createThinking(webhook: WebhookWriter, patient: WebhookWriter, isShownNow: boolean) {
  let isShown = isShownNow;
  let saying = Promise.resolve();
  return {
    get isShown() {
      return isShown;
    },
    /** Shows words in its place. Writes wait for that (`settled`). */
    say(words: string): void {
      const [body] = noticeBodies(`-# ⏳ ${words}`);
      if (!isShown) return;
      // Not retried, because newer words come soon and the answer replaces them.
      saying = saying.then(async () => void (await webhook.editOriginal(body, [], NEVER))).catch(() => {});
    },
    /** Resolves once words that are on their way are shown. */
    settled: () => saying,
    /** Call when something else stands in its place. */
    replaced(): void {
      isShown = false;
    },
    /** Removes it. */
    async end(signal: AbortSignal): Promise<void> {
      if (!isShown) return;
      await saying;
      await patient.removeOriginal(signal).catch(ignoring((error) => error instanceof PlaceGone));
      isShown = false;
    },
  };
}
