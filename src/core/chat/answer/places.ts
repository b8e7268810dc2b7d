import { orLog } from '../../kit/or-log.ts';
import type { Attempt } from '../question/attempt.ts';
import { isHeard, placeKeyOf } from '../question/job.ts';
import type { AnswerParts } from './parts.ts';

/** The places of one answer: its messages and threads. Each leads to the conversation from then on. */
export interface AnswerPlaces {
  /** Keys of the messages of the answer, oldest first. */
  readonly messages: string[];
  noteMessage(key: string): void;
  noteThread(key: string): void;
  /** Resolves once everything noted is stored. Never rejects: faults are logged. */
  stored(): Promise<void>;
  /** Stores that the people in its threads were told that the bot listens there. */
  told(): Promise<void>;
}

/** @param adopted key of an existing message whose content the answer replaces; null if there is none */
export function createAnswerPlaces(
  { records: { conversations, answers, listening }, recovery: { catchUp }, messenger }: AnswerParts,
  { job: { question, conversation }, id, signal }: Attempt,
  adopted: string | null,
): AnswerPlaces {
  const { log } = messenger.delivery;
  const { place, surface } = question;
  const messages = adopted === null ? [] : [adopted];
  const threads = new Set(place.key === null ? [] : [place.key]);
  const storing: Promise<unknown>[] = [];
  const ownPlace = placeKeyOf(question);

  const logged = (promise: Promise<unknown>, words: string): Promise<unknown> =>
    promise.catch(orLog(log, 'error', { answer: id }, words));
  const unheard = 'could not store whether the bot listens in a thread';
  const tie = (key: string) =>
    logged(conversations.attach(conversation, key), 'could not connect a place to its conversation');

  async function tieThread(key: string): Promise<void> {
    threads.add(key);
    await tie(key);
    if (!isHeard(surface)) return;
    await logged(listening.startAt(key, conversation), unheard);
    await logged(catchUp.talkedAt({ guild: place.guild, key }), unheard);
  }

  if (surface.threadKey !== undefined) {
    // Without a thread there is no answer either, which is reported elsewhere.
    const thread = surface.threadKey(signal).catch(() => null);
    storing.push(thread.then((key) => (key === null ? undefined : tieThread(key))));
  }

  return {
    messages,
    noteMessage(key) {
      messages.push(key);
      storing.push(tie(key), logged(answers.attach(id, key), 'a message could not be tied to its answer'));
      // The place itself is kept as long as the conversation.
      if (ownPlace !== null) storing.push(tie(ownPlace));
    },
    noteThread: (key) => void storing.push(tieThread(key)),
    stored: async () => void (await Promise.all(storing)),
    async told() {
      for (const key of threads) await logged(listening.told(key, conversation), unheard);
    },
  };
}
