import { orLog } from '../../kit/or-log.ts';
import type { Attempt } from '../question/attempt.ts';
import { isHeard, placeKeyOf } from '../question/job.ts';
import type { AnswerParts } from './parts.ts';

const UNHEARD = 'could not store whether the bot listens in a thread';

/** The places of one answer: its messages and threads. Each leads to the conversation from then on. */
export class AnswerPlaces {
  readonly #parts: AnswerParts;
  readonly #attempt: Attempt;
  /** Keys of the messages of the answer, oldest first. */
  readonly messages: string[];
  readonly #threads: string[] = [];
  readonly #storing: Promise<unknown>[] = [];

  /** @param adopted key of an existing message whose content the answer replaces; null if there is none */
  constructor(parts: AnswerParts, attempt: Attempt, adopted: string | null) {
    this.#parts = parts;
    this.#attempt = attempt;
    this.messages = adopted === null ? [] : [adopted];
    const { place, surface } = attempt.job.question;
    if (place.key !== null) this.#threads.push(place.key);
    if (surface.threadKey === undefined) return;
    // Without a thread there is no answer either, which is reported elsewhere.
    const thread = surface.threadKey(attempt.signal).catch(() => null);
    this.#storing.push(thread.then((key) => (key === null ? undefined : this.#tieThread(key))));
  }

  noteMessage(key: string): void {
    const { job, id } = this.#attempt;
    this.messages.push(key);
    const attached = this.#parts.records.answers.attach(id, key);
    this.#storing.push(this.#tie(key), this.#logged(attached, 'a message could not be tied to its answer'));
    // The place itself is kept as long as the conversation.
    const ownPlace = placeKeyOf(job.question);
    if (ownPlace !== null) this.#storing.push(this.#tie(ownPlace));
  }

  noteThread(key: string): void {
    this.#storing.push(this.#tieThread(key));
  }

  /** Resolves once everything noted is stored. Never rejects: faults are logged. */
  async stored(): Promise<void> {
    await Promise.all(this.#storing);
  }

  /** Stores that the people in its threads were told that the bot listens there. */
  async told(): Promise<void> {
    const { listening } = this.#parts.records;
    const { conversation } = this.#attempt.job;
    for (const key of this.#threads) await this.#logged(listening.told(key, conversation), UNHEARD);
  }

  #tie(key: string): Promise<unknown> {
    const attached = this.#parts.records.conversations.attach(this.#attempt.job.conversation, key);
    return this.#logged(attached, 'could not connect a place to its conversation');
  }

  async #tieThread(key: string): Promise<void> {
    const { records, recovery } = this.#parts;
    const { question, conversation } = this.#attempt.job;
    if (!this.#threads.includes(key)) this.#threads.push(key);
    await this.#tie(key);
    if (!isHeard(question.surface)) return;
    await this.#logged(records.listening.startAt(key, conversation), UNHEARD);
    await this.#logged(recovery.catchUp.talkedAt({ guild: question.place.guild, key }), UNHEARD);
  }

  #logged(storing: Promise<unknown>, words: string): Promise<unknown> {
    return storing.catch(
      orLog(this.#parts.messenger.delivery.log, 'error', { answer: this.#attempt.id }, words),
    );
  }
}
