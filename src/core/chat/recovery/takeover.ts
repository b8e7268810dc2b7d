import type { Logger } from 'pino';
import type { AnswerRecords, ShownAnswer } from '../../conversations/answer-records.ts';
import type { Conversations } from '../../conversations/conversations.ts';
import type { AnswerState, Journal, Orphan } from '../../coordination/journal.ts';
import { createReply, type Resumed } from '../../delivery/reply.ts';
import type { WriteLimiters } from '../../delivery/write-limiter.ts';
import type { Clock } from '../../kit/clock.ts';
import { type Background, repeat } from '../../kit/repeat.ts';
import { createRunning, createTasks } from '../../kit/tasks.ts';
import { splitText } from '../../markdown/splitter.ts';
import type { Adapter, Reopened } from '../../ports/adapter.ts';
import { buttonsAt } from '../../ports/buttons.ts';
import { PlaceGone } from '../../ports/delivery-errors.ts';
import type { Platform } from '../../ports/platforms.ts';
import { StoreError } from '../../ports/store.ts';
import { type LiveMessage, MAX_NOTE_CHARS, type Surface } from '../../ports/surface.ts';
import { textInHistory } from '../answer/answer-text.ts';
import { INTERRUPTED, momentAfter, shownBy } from '../answer/answering.ts';
import type { HeldAnswers } from './held-answers.ts';

export interface TakeoverOptions {
  readonly journal: Journal;
  /** Adapters that have started. */
  readonly adapters: readonly Pick<Adapter, 'platform' | 'reopen'>[];
  readonly answers: AnswerRecords;
  readonly held: HeldAnswers;
  readonly conversations: Conversations;
  readonly limiters: WriteLimiters;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Takeover extends Background {
  /**
   * Reports that a locked place may be unlocked; null stands for any place of the platform. Answers held there are finished.
   */
  opened(platform: Platform, at: string | null): void;
}

/** A lease expires 10 s after its process died, so an orphan is found within 12 s. */
const LOOK_EVERY_MS = 2_000;
/** Each may wait for its platform. */
const MAX_AT_ONCE = 50;

const NOT_BEGUN = 'The bot was restarted before it could answer. Please try again.';

/**
 * Finishes what dead processes left. An answer is shown with everything that had arrived, as it ended, or as interrupted with
 * Retry. If that is impossible now, because its platform is unreachable or belongs to another process, the next look tries
 * again, here or elsewhere.
 */
export function startTakeover(options: TakeoverOptions): Takeover {
  const { journal, answers, held, conversations, limiters, clock, log } = options;
  const finishing = createTasks(log);
  /** Unlocked places that could not be read yet. */
  const waiting = new Set<string>();
  const adapters = new Map(options.adapters.map((adapter) => [adapter.platform, adapter] as const));

  async function look(signal: AbortSignal): Promise<void> {
    const underWay = createRunning();
    try {
      for (;;) {
        signal.throwIfAborted();
        if (underWay.size >= MAX_AT_ONCE) await underWay.next();
        const orphan = await journal.takeOver();
        if (orphan === null) {
          if (underWay.size === 0) return;
          // Finishing may wait for a lock of the same dead process, whose lease expires some seconds later.
          await Promise.race([underWay.next(), clock.sleep(LOOK_EVERY_MS, signal)]);
          continue;
        }
        underWay.add(end(orphan, signal));
      }
    } finally {
      await underWay.settled();
    }
  }

  /** Finishes answers held at a place that is unlocked now. */
  async function openedAt(platform: Platform, at: string | null, signal: AbortSignal): Promise<void> {
    for await (const id of held.idsAt(platform, at)) {
      signal.throwIfAborted();
      const found = (await answers.get(id))?.held;
      if (found === undefined) continue;
      const { reference, state, tries } = found;
      const eventId = eventOf(id, tries);
      // If several processes hear of it, one continues. The journal has the answer from this step on.
      const entry = await journal.claimEvent(eventId, platform, { reference }, { answer: state });
      if (entry === null) continue;
      const written = { version: 1, platform, place: reference, answer: state, asked: null } as const;
      await end({ eventId, entry, written }, signal);
    }
  }

  /** As `openedAt`, again and again while the store does not answer. */
  async function openedUntilRead(platform: Platform, at: string | null, signal: AbortSignal): Promise<void> {
    const place = `${platform}/${at}`;
    for (;;) {
      try {
        return await openedAt(platform, at, signal);
      } catch (error) {
        // Somebody else who waits for the store reads the same place then.
        if (!(error instanceof StoreError) || signal.aborted || waiting.has(place)) throw error;
        waiting.add(place);
        await clock.sleep(LOOK_EVERY_MS, signal).finally(() => waiting.delete(place));
      }
    }
  }

  /** Never rejects. */
  async function end(orphan: Orphan, signal: AbortSignal): Promise<void> {
    const { entry, eventId: event } = orphan;
    try {
      const isEnded = await finish(orphan, AbortSignal.any([signal, entry.lost]));
      if (isEnded) return await entry.end();
      entry.leave();
    } catch (error) {
      if (error instanceof PlaceGone) {
        log.warn({ err: error, event }, "the place of a dead process's answer is gone");
        return await entry.end();
      }
      if (!signal.aborted)
        log.warn({ err: error, event }, "could not finish a dead process's answer; retrying later");
      entry.leave();
    }
  }

  /** False if another process, or a later try, has to do it. */
  async function finish({ written, entry, eventId: event }: Orphan, signal: AbortSignal): Promise<boolean> {
    if (written === null) return true;
    const { platform, place: reference, answer } = written;
    const adapter = adapters.get(platform);
    if (adapter?.reopen === undefined) return false;
    if (answer !== null) {
      entry.watch(() => answer);
      const tries = triesIn(event);
      // The record loses it only now: this entry's journal has it.
      if (tries !== null && !(await held.take(platform, answer.id, tries))) return true;
      await keepTurn(answer);
    }
    const place = await adapter.reopen({ reference, answerId: answer?.id ?? null }, signal);
    if (place === null) {
      log.warn({ event }, "a dead process's answer has no place any more");
      return true;
    }
    if (answer === null) {
      await place.surface.tellPrivately({ text: NOT_BEGUN }, signal);
      return true;
    }
    if (place.message?.isEnded) return true;
    const resumed = resumedAt(answer, place);
    if (stands(answer, resumed, place.surface)) return true;
    // The found message is recorded before its button is removed.
    entry.resumeAt(place.surface);
    entry.watch(() => ({ ...answer, sealed: resumed.sealed, message: resumed.message?.live.key ?? null }));
    await entry.keep();
    const attached = resumed.message === null ? [] : [attach(answer, resumed.message.live)];
    const reply = createReply({
      surface: place.surface,
      limiters,
      clock,
      log,
      buttons: buttonsAt(answer.id, { state: 'running' }),
      onOpen(message) {
        entry.watch(() => ({ ...answer, ...reply.progress }));
        const kept = entry.keep();
        attached.push(kept, attach(answer, message));
        return kept;
      },
      signal,
      resumed,
    });
    reply.write(answer.text);
    const ending = answer.ending ?? { status: 'interrupted', note: INTERRUPTED, footer: null };
    const moment = momentAfter(ending, place.surface);
    const isShown = await reply.finish({
      ...ending,
      note: [ending.note, lostNote(answer.images)].filter(Boolean).join(' ').slice(0, MAX_NOTE_CHARS) || null,
      buttons: buttonsAt(answer.id, moment),
    });
    attached.push(noteShown(answer.id, shownBy(reply, place.surface, moment)));
    await Promise.all(attached);
    if (reply.lockedAt !== null) {
      // Without an ending it is not known to be whole: whoever goes on takes nothing back of what is shown.
      const state = { ...answer, ...reply.progress };
      const now = place.surface.reference ?? reference;
      await held.hold({
        platform,
        at: reply.lockedAt,
        reference: now,
        state,
        tries: (triesIn(event) ?? 0) + 1,
      });
      return true;
    }
    log.info(
      { event, answer: answer.id, status: ending.status, isShown },
      'finished an answer of a dead process',
    );
    return isShown || !signal.aborted;
  }

  /** Stores the question and the text that had arrived in the conversation. */
  async function keepTurn({ id, model, askedAtMs, images, ending, ...answer }: AnswerState): Promise<void> {
    const text = textInHistory(answer.text, images);
    if (text === '' || model === null) return;
    const record = await answers.get(id);
    const conversation = record && (await conversations.get(record.conversation));
    if (!record || !conversation) return;
    const { turn, user, author, question, brought } = record;
    if (conversation.turns.some((kept) => kept.id === turn && kept.askedAtMs >= askedAtMs)) return;
    await conversations.record(
      conversation.id,
      {
        id: turn,
        user,
        author,
        question,
        ...(brought === undefined ? {} : { brought }),
        answer: text,
        answerId: id,
        model,
        status: ending?.status ?? 'interrupted',
        askedAtMs,
      },
      // It may have been forgotten meanwhile.
      async () => (await answers.get(id)) !== null,
    );
  }

  /** An edit of the question finds the answer by this. */
  async function noteShown(id: string, shown: ShownAnswer): Promise<void> {
    try {
      await answers.amend(id, { shown });
    } catch (error) {
      log.error({ err: error, answer: id }, 'could not store the place of an answer');
    }
  }

  /** Lets a reply to the message continue the conversation. */
  async function attach({ id }: AnswerState, { key, threadKey }: LiveMessage): Promise<void> {
    try {
      const record = await answers.get(id);
      if (record === null) return;
      await Promise.all([conversations.attach(record.conversation, key), answers.attach(id, key)]);
      const { messages = [] } = record;
      if (!messages.includes(key)) await answers.amend(id, { messages: [...messages, key] });
      if (threadKey) await conversations.attach(record.conversation, threadKey);
    } catch (error) {
      log.error({ err: error, answer: id }, 'could not connect a message to its conversation');
    }
  }

  const looking = repeat('finishing answers of dead processes', LOOK_EVERY_MS, look, { clock, log });
  return {
    opened(platform, at) {
      finishing.run('finish answers held until their place was unlocked', (signal) =>
        openedUntilRead(platform, at, signal),
      );
    },
    async stop() {
      await Promise.all([looking.stop(), finishing.stop()]);
    },
  };
}

/** The event id of one try to finish a held answer. */
function eventOf(answerId: string, tries: number): string {
  return `${answerId}/opened/${tries}`;
}

/** The number of the try behind such an event; null for other events. */
function triesIn(event: string): number | null {
  const tries = /\/opened\/(\d+)$/.exec(event)?.[1];
  return tries === undefined ? null : Number(tries);
}

/**
 * The point from which to continue. The journal may be older than the messages: if its growing message has no button any
 * more, or is not the newest, that message was completed since. A message that cannot be read is repeated in a new one,
 * because its progress is unknown.
 */
function resumedAt(
  { sealed, message, ending }: AnswerState,
  { message: found, isUnread }: Reopened,
): Resumed {
  const isCompleted = message !== null && message !== found?.live.key && !isUnread;
  return { sealed: isCompleted ? sealed + 1 : sealed, message: found, isWhole: ending !== null };
}

/** Only the dead process had the images. */
function lostNote(images: number): string | null {
  if (images === 0) return null;
  return images === 1
    ? 'The image of this answer was lost.'
    : `The ${images} images of this answer were lost.`;
}

/** Whether all messages are complete: the last one was posted, and has lost its buttons to a retry, or was deleted. */
function stands({ text }: AnswerState, { sealed, message, isWhole }: Resumed, { limits }: Surface): boolean {
  return isWhole && message === null && sealed > 0 && splitText(text, limits).length <= sealed;
}
