import { ignoring } from '../../../core/kit/or-log.ts';
import { NEVER } from '../../../core/kit/time/over.ts';
import { PlaceGone } from '../../../core/ports/delivery-errors.ts';
import { noticeBodies } from './content.ts';
import type { InteractionWriter } from './interaction-writer.ts';

/** Discord's "thinking" on an interaction, which the first message or follow-up replaces. */
export class Thinking {
  readonly #writer: InteractionWriter;
  /** Set it to false when something else stands in its place. */
  isShown: boolean;
  #saying = Promise.resolve();

  constructor(writer: InteractionWriter, isShown: boolean) {
    this.#writer = writer;
    this.isShown = isShown;
  }

  /** Shows words in its place. Writes wait for that (`settled`). */
  say(words: string): void {
    const [body] = noticeBodies(`-# ⏳ ${words}`);
    if (!this.isShown) return;
    // Not retried, because newer words come soon and the answer replaces them.
    this.#saying = this.#saying
      .then(async () => void (await this.#writer.webhook.editOriginal(body, [], NEVER)))
      .catch(() => {});
  }

  /** Resolves once words that are on their way are shown. */
  settled(): Promise<void> {
    return this.#saying;
  }

  /** Removes it. */
  async end(signal: AbortSignal): Promise<void> {
    if (!this.isShown) return;
    await this.#saying;
    await this.#writer.patientWebhook
      .removeOriginal(signal)
      .catch(ignoring((error) => error instanceof PlaceGone));
    this.isShown = false;
  }
}
