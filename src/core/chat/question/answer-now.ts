import type { AnswerRecord } from '../../conversations/answer-records.ts';
import type { Turn } from '../../conversations/conversation.ts';
import type { Seen } from '../../coordination/collection.ts';
import type { Answerer } from '../../model-choice/fallbacks.ts';
import { platformOf } from '../../ports/actor.ts';
import type { Model } from '../../ports/model.ts';
import { isFromThread } from '../../ports/parts.ts';
import { LOCAL_PLATFORM } from '../../ports/platforms.ts';
import { ProviderError } from '../../ports/provider-errors.ts';
import { StoreError } from '../../ports/store.ts';
import type { LiveMessage } from '../../ports/surface.ts';
import { windowVocabulary } from '../../prompt/prompt.ts';
import { mostTokens } from '../../tokens/most-tokens.ts';
import { textInHistory } from '../answer/answer-text.ts';
import { type Answered, answer } from '../answer/answering.ts';
import { createAnswerPlaces } from './answer-places.ts';
import { createAsides } from './asides.ts';
import { type Attempt, isHeard, type Job, type Question, type QuestionRunnerOptions } from './job.ts';
import { createObstacles } from './obstacles.ts';
import { createOpening } from './opening.ts';
import { createPreparation, type Prepared } from './preparation.ts';

/** Answers a job that has its turn and a slot; false if there was no answer, only a message to the asker. */
export type AnswerNow = (job: Job, attempt: Attempt, adopted: LiveMessage | null) => Promise<boolean>;

/** @param abandoned ends delivery at once; the journal then has the rest */
export function createAnswerNow(options: QuestionRunnerOptions, abandoned: AbortSignal): AnswerNow {
  const { conversations, answers, stops, clock, log } = options;
  const obstacles = createObstacles(clock);
  const prepare = createPreparation(options, obstacles);
  const asides = createAsides(options, obstacles, abandoned);
  // Creating one takes a fifth of a millisecond, so it is done once.
  const days = new Intl.DateTimeFormat('en-CA', { timeZone: options.timeZone, dateStyle: 'short' });

  async function answerNow(job: Job, attempt: Attempt, adopted: LiveMessage | null): Promise<boolean> {
    const { id, askedAtMs, entry, stop, signal } = attempt;
    const { question, conversation } = job;
    const { actor, place, surface } = question;
    const prepared = await prepare(job, attempt);
    if (!prepared.ok) {
      await asides.tell(surface, prepared.text);
      return false;
    }
    const { here, model, seen } = prepared;
    const opening = createOpening(options, days, job, attempt, prepared);
    const { open, suits } = opening;
    const request = await options.openAnswerer({ place, model, chosen: here.fallback, suits, open });
    if (!request.ok) {
      if (request.asksFirst) await asides.offer(job, attempt, model, request.text);
      else await asides.tell(surface, request.text);
      return false;
    }
    // `/forget` waits for amounts reserved before it; a request reserved after it must not cost anything.
    await stops.look().catch((error: unknown) => {
      log.warn({ err: error, answer: id }, 'could not read requests to stop answers');
    });
    if (signal.aborted) {
      await request.settle();
      throw signal.reason;
    }
    // Not earlier: a refusal is for the asker alone, and some platforms would show that something was asked.
    surface.indicate('working');

    const retired = job.onAdmitted().catch((error: unknown) => {
      log.warn({ err: error, answer: id }, 'could not remove the buttons of an older answer');
    });
    const places = createAnswerPlaces(options, job, attempt, adopted?.key ?? null);
    const announces = () => isHeard(surface) && prepared.isUntold;
    /** As it stood when the turn was kept. */
    let record: Promise<Seen<AnswerRecord> | null> | null = null;
    const answered = await answer(
      {
        answerId: id,
        askedAtMs,
        entry,
        request,
        surface,
        adopted,
        read: prepared.read,
        remarks: [...prepared.remarks, ...opening.remarks, ...remarksOn(request, question, model)],
        isWhole: here.whole,
        persona: here.persona?.persona.name ?? null,
        asksEffort: question.effort !== undefined,
        stop,
        signal,
        abandon: AbortSignal.any([abandoned, entry.lost]),
        onMessage: places.noteMessage,
        onThread: places.noteThread,
        announcesListening: announces,
        isInLongThread: mayBeSummarised(question, here.readsContext, [...opening.memory.turns, prepared]),
        async keep(answered) {
          const { reasoning } = answered;
          if (reasoning !== '' && !entry.lost.aborted) await answers.amend(id, { reasoning });
          const turn = entry.lost.aborted ? null : await turnOf(job, attempt, prepared, request, answered);
          if (turn === null || attempt.isForgotten()) return;
          const isWanted = async () => {
            record = answers.look(id).catch(() => null);
            await Promise.all([stops.look(), record]);
            return !attempt.isForgotten();
          };
          await conversations.record(conversation, turn, isWanted, seen);
        },
      },
      options,
    );
    await Promise.all([retired, places.stored()]);
    if (announces() && answered.delivered) await places.told();
    const { rename, isPrivate } = surface;
    const isTitled = prepared.isNew && !isPrivate && here.automatic.titles && answered.status === 'complete';
    if (isTitled && rename !== undefined) {
      const { words } = prepared;
      options.titles.name({ rename, question: words, answer: answered.text, actor, place, conversation });
    }
    if (!answered.delivered && abandoned.aborted) entry.leave();
    else {
      const { messages } = places;
      const more = { messages, ...(question.message !== undefined && { shown: answered.shown }) };
      const seen = await record;
      const unnoted = (error: unknown) =>
        log.error({ err: error, answer: id }, 'could not store which messages an answer has');
      const note = () =>
        answers.amend(id, more, seen ?? undefined).catch((error: unknown) => {
          if (error instanceof StoreError) throw error;
          unnoted(error);
        });
      // Another process may finish a held answer as soon as it is stored.
      if (answered.held !== null) await note().catch(unnoted);
      else attempt.whenOver(note);
    }
    if (answered.left.length > 0) await asides.tellRest(surface, answered.left);
    if (answered.held !== null) await asides.hold(surface, place, answered.held);
    if (answered.gone !== null) await asides.tellOfObstacle(surface, place, answered.gone);
    report(job, attempt, prepared, request, answered);
    return true;
  }

  /** Remarks on the request for the asker. */
  function remarksOn({ current }: Answerer, { place, webSearch }: Question, model: Model): string[] {
    const { access, searchesWeb } = current.request;
    const isDemo = platformOf(place.guild) !== LOCAL_PLATFORM && access.payer === 'operator';
    return [
      isDemo ? options.demoNotice : null,
      webSearch && !searchesWeb
        ? `${model.name} cannot search the web here. Pick another model for that.`
        : null,
    ].filter((line) => line !== null);
  }

  /** Reports an answer that has ended to telemetry and log. */
  function report(
    { question }: Job,
    { id }: Attempt,
    { words }: Prepared,
    { current }: Answerer,
    answered: Answered & { readonly delivered: boolean; readonly endLagMs: number },
  ): void {
    const { status, bill, firstTextMs, durationMs, endLagMs, delivered, error } = answered;
    const { access, tier } = current.request;
    const facts = {
      answer: id,
      guild: question.place.guild,
      model: access.model.id,
      provider: access.route.provider,
      payer: access.payer,
      tier,
      status,
      delivered,
      firstTextMs,
      durationMs,
      endLagMs,
      costNanoUsd: bill?.costNanoUsd ?? 0,
      failure: error === null ? null : error instanceof ProviderError ? error.code : 'internal',
    };
    options.telemetry.answered(facts);
    log.info(
      {
        event: question.eventId,
        user: question.actor.user,
        tokens: bill?.tokens,
        ...facts,
        ...(options.logContent ? { question: words, text: answered.text } : {}),
        ...faultOf(error),
      },
      status === 'failed'
        ? 'an answer failed'
        : status === 'complete'
          ? 'answered'
          : `an answer was ${status}`,
    );
  }

  return answerNow;
}

/** The turn to keep in the conversation; null if the answer has no text. */
async function turnOf(
  { asker, turn }: Job,
  { id, askedAtMs }: Attempt,
  { words, brought }: Prepared,
  { current }: Answerer,
  { text, images, status, bill }: Answered,
): Promise<Turn | null> {
  const answer = textInHistory(text, images.length);
  if (answer === '') return null;
  const { questionTokens, request } = current;
  const { model, payer } = request.access;
  return {
    id: turn,
    user: asker.user,
    author: asker.name,
    question: words,
    ...(brought.length === 0 ? {} : { brought }),
    answer,
    model: model.id,
    status,
    askedAtMs,
    answerId: id,
    ...(bill && { bill: { costNanoUsd: bill.costNanoUsd, payer } }),
    ...(questionTokens !== null && {
      tokens: questionTokens + (await mostTokens(answer, windowVocabulary(model))),
    }),
  };
}

/** The number of messages from which on summarising a thread helps. */
const LONG_THREAD = 10;

/**
 * Whether the answer gets a button for that.
 * @param turns earlier turns, then the parts of this question
 */
function mayBeSummarised(
  { surface, readThread, isAboutThread = false }: Question,
  readsThreads: boolean,
  turns: readonly Pick<Turn, 'brought'>[],
): boolean {
  if (surface.isPrivate || isAboutThread || !readsThreads) return false;
  const quoted = turns.flatMap(({ brought = [] }) => brought).filter(isFromThread).length;
  const asked = readThread === undefined ? 0 : 2 * (turns.length - 1);
  return quoted + asked >= LONG_THREAD;
}

/** A provider's failure is described by its fields; a stack adds nothing. */
function faultOf(error: unknown): object {
  if (error === null) return {};
  if (!(error instanceof ProviderError)) return { err: error };
  return { httpStatus: error.status, reason: error.reason };
}
