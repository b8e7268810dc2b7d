import type { Logger } from 'pino';
import { refusalByLists } from '../access/lists.ts';
import type { AnswerState, Entry, Journal } from '../coordination/journal.ts';
import { type LiveAnswers, type StopCause, Stopped } from '../coordination/live-answers.ts';
import type { Stops } from '../coordination/stops.ts';
import type { Turns } from '../coordination/turns.ts';
import { createReply } from '../delivery/reply.ts';
import type { WriteLimiters } from '../delivery/write-limiter.ts';
import type { Clock } from '../kit/clock.ts';
import { waitInWords } from '../kit/durations.ts';
import { OVER } from '../kit/over.ts';
import type { ModelRequests } from '../ledger/model-requests.ts';
import { type Actor, type GuildId, mayActAs, platformOf, type Roles, type Whose } from '../ports/actor.ts';
import type { AnswerFinder } from '../ports/adapter.ts';
import { buttonsAt } from '../ports/buttons.ts';
import type { PlaceGone } from '../ports/delivery-errors.ts';
import type { Place, ThreadReader } from '../ports/events.ts';
import type { Model } from '../ports/model.ts';
import type { NameOperator } from '../ports/operator.ts';
import { broughtIn, type Part, wordsIn } from '../ports/parts.ts';
import { LOCAL_PLATFORM, type Platform } from '../ports/platforms.ts';
import { ProviderError } from '../ports/provider-errors.ts';
import type { LiveMessage, Surface } from '../ports/surface.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { mostTokens, mostTokensOfAny } from '../tokens/most-tokens.ts';
import { type AnswerRecord, type AnswerRecords, newAnswerId } from './answer-records.ts';
import { textInHistory } from './answer-text.ts';
import { answer } from './answering.ts';
import type { CatchUp } from './catch-up.ts';
import { type Compact, turnsToKeep } from './compaction.ts';
import { type Conversations, type Memory, memoryBefore } from './conversations.ts';
import type { NotOpened, OpenAnswerer, Opened } from './fallbacks.ts';
import type { Gather } from './gather.ts';
import type { HeldAnswers } from './held-answers.ts';
import type { Listening } from './listening.ts';
import type { ModelChooser, SeeingModel } from './model-choice.ts';
import { createObstacles } from './obstacles.ts';
import { promptFor, windowOfModel, windowVocabulary } from './prompt.ts';
import { withoutSecrets } from './secrets.ts';
import type { Settings } from './settings.ts';
import type { Crowded, QueuePlace, Slot, Slots } from './slots.ts';
import type { Titles } from './titles.ts';
import { userMessage } from './user-message.ts';

/** A question at a place, with the options of this request alone. */
export interface Question {
  readonly eventId: string;
  /** Event id of the message that asks it, which may be edited; left out for commands. Another one than `eventId` where it is asked again. */
  readonly message?: string;
  readonly actor: Actor;
  readonly place: Place;
  readonly surface: Surface;
  readonly parts: readonly Part[];
  readonly readThread?: ThreadReader;
  /** It is about that thread alone: the thread is read whatever was said before, which does not go along. Default false. */
  readonly isAboutThread?: boolean;
  /** A model by name, as a person spelled it. */
  readonly model?: string;
  readonly webSearch?: boolean;
}

/** One turn to be answered: a new one, or one that is tried again. */
export interface Job {
  readonly question: Question;
  /** Whose question it is; the question's actor is who wants it answered now, and whose limits count. */
  readonly asker: { readonly user: string; readonly name: string };
  readonly conversation: string;
  readonly turn: string;
  /** Takes the buttons off the answer that is tried again, once the new one is admitted. */
  readonly onAdmitted: () => Promise<void>;
  /** The answer that there was before, if any; `inPlace` if it was stopped for this one, which takes its place. */
  readonly previous?: { readonly id: string; readonly inPlace: boolean };
  /** Whether the person has seen the price, or the question has been answered before. Default false. */
  readonly isConfirmed?: boolean;
}

/** A job whose conversation may still be looked up. */
export interface AskedJob extends Omit<Job, 'conversation'> {
  readonly conversation: string | Promise<string>;
}

export interface QuestionRunnerOptions {
  readonly conversations: Conversations;
  readonly answers: AnswerRecords;
  readonly listening: Listening;
  readonly catchUp: CatchUp;
  readonly live: LiveAnswers;
  readonly stops: Stops;
  readonly journal: Journal;
  readonly turns: Turns;
  readonly slots: Slots;
  readonly models: ModelRequests;
  readonly choose: ModelChooser;
  readonly openAnswerer: OpenAnswerer;
  readonly seeing: SeeingModel;
  readonly gather: Gather;
  readonly compact: Compact;
  readonly titles: Pick<Titles, 'name'>;
  /** What comes with a question may cost so much unasked; null for any price. */
  readonly confirmAboveNanoUsd: number | null;
  readonly settings: Pick<Settings, 'at'>;
  /** Finds answers of a platform again. */
  readonly finderOf: (guild: GuildId) => AnswerFinder | null;
  readonly roles: Roles;
  readonly nameOperator: NameOperator;
  /** What stands under an answer by the demo; null if models answer. */
  readonly demoNotice: string | null;
  /** Answers whose place is locked. */
  readonly held: Pick<HeldAnswers, 'hold'>;
  /** As `Takeover.opened`. */
  readonly opened: (platform: Platform, at: string) => void;
  readonly limiters: WriteLimiters;
  readonly clock: Clock;
  readonly timeZone: string;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /** Whether questions and answers stand in the log; they do not by default. */
  readonly logContent?: boolean;
}

/** Questions that may wait for their turn in one conversation; for `createTurns`. */
export const MAX_WAITING = 5;
/** Above an answer for which a summary was made. */
const SUMMARISED = 'I summarised the older part of this conversation: `/context` shows it.';
export const RESTARTING = 'The bot is restarting. Ask again in a minute.';

const LOCKED =
  'The thread was locked before my answer was complete. I keep it, and post the rest as soon as somebody unlocks the thread.';
const REFUSED =
  'The platform refused the rest of my answer, so I stopped. Ask again; if it happens again, tell the operator of this bot.';

/** A queue that moves faster is not read. */
const QUEUE_EVERY_MS = 5_000;

function queueWords({ position, waitMs }: QueuePlace): string {
  return `Many answers are being written here. Your question is number ${position} in the queue; its turn should come ${waitInWords(waitMs)}.`;
}

/** One answer to a job. */
interface Attempt {
  readonly id: string;
  readonly askedAtMs: number;
  readonly entry: Entry;
  readonly stop: (cause: StopCause) => void;
  readonly signal: AbortSignal;
  /** Whether nothing of it may be kept, also where it had been stopped before, or was complete. */
  readonly isForgotten: () => boolean;
}

/**
 * Answers a job when it is its conversation's turn and a slot is free, until the answer stands. `abandoned` ends
 * delivery wherever it is; the journal then holds what is left.
 */
export function createQuestionRunner(
  options: QuestionRunnerOptions,
  abandoned: AbortSignal,
): (job: AskedJob) => Promise<void> {
  const { conversations, answers, listening, live, stops, journal, turns, slots, models, clock, log } =
    options;
  const obstacles = createObstacles(clock);
  // Making one takes a fifth of a millisecond.
  const days = new Intl.DateTimeFormat('en-CA', { timeZone: options.timeZone, dateStyle: 'short' });

  /** From the moment on in which it waits for its turn, what is added to a question in its thread is for the bot too. */
  async function run(asked: AskedJob): Promise<void> {
    const { place, surface } = asked.question;
    const thread = isHeard(surface) ? place.key : null;
    const [conversation, isBegun] = await Promise.all([
      asked.conversation,
      thread !== null && listening.begin(thread, asked.conversation),
    ]);
    const job = { ...asked, conversation };
    let isAnswered = false;
    try {
      isAnswered = await answerInTurn(job);
    } finally {
      if (thread !== null && isBegun && !isAnswered) {
        await listening.withdraw(thread).catch((error: unknown) => {
          log.error(
            { err: error, event: job.question.eventId },
            'the bot may listen where it did not answer',
          );
        });
      }
    }
  }

  /** Whether there was an answer. */
  async function answerInTurn(job: Job): Promise<boolean> {
    const { question, conversation } = job;
    const { surface, actor, place, eventId } = question;
    const id = newAnswerId(place.guild);
    const stopping = new AbortController();
    let isForgotten = false;
    const stop = (cause: StopCause) => {
      isForgotten ||= cause.kind === 'forgotten';
      stopping.abort(new Stopped(cause));
    };
    const entry = journal.entry(eventId);
    entry.askedBy({ guild: place.guild, user: actor.user, name: actor.name });
    const askedAtMs = clock.now();
    let isAnswered = false;
    await stops.admit({
      id,
      eventId,
      message: question.message ?? null,
      guild: place.guild,
      user: actor.user,
      asker: job.asker.user,
      conversation,
      channel: place.channel,
      stop,
    });
    try {
      // Retry works from now on, also for whoever finishes this in the place of a process that died.
      await answers.begin(recordOf(job, id));
      entry.watch(() => ({
        id,
        model: null,
        askedAtMs,
        text: '',
        images: 0,
        sealed: 0,
        message: null,
        ending: null,
      }));
      await entry.keep();
      const release = await turns.enter(conversation, () => surface.indicate('queued'), stopping.signal);
      if (release === null) {
        await tell(
          surface,
          `${MAX_WAITING} questions are waiting here already. Ask again when they are answered, or use \`/stop\`.`,
        );
        return false;
      }
      try {
        const slot = await takeSlot(question, stopping.signal);
        if (!slot.ok) {
          await tell(
            surface,
            `Too many answers are being written here. Ask again ${waitInWords(slot.retryAfterMs)}.`,
          );
          return false;
        }
        try {
          const attempt = {
            id,
            askedAtMs,
            entry,
            stop,
            signal: stopping.signal,
            isForgotten: () => isForgotten,
          };
          await options.telemetry.answering(id, async () => {
            isAnswered = await answerInPlace(job, attempt);
          });
        } finally {
          slot.release();
        }
      } finally {
        await release();
      }
    } catch (error) {
      if (!stopping.signal.aborted) throw error;
      // Stopped before there was anything to show: whoever did it knows, except where it was the bot itself.
      if (stopping.signal.reason.stop.kind === 'shutdown') {
        await tell(surface, RESTARTING).catch((fault: unknown) => {
          log.warn({ err: fault, answer: id }, 'the restart could not be told; left to the journal');
          entry.leave();
        });
      }
    } finally {
      if (!isAnswered && question.message !== undefined) {
        await answers
          .withdraw({ id, message: question.message }, job.previous?.id)
          .catch((fault: unknown) => {
            log.error({ err: fault, answer: id }, 'a message may count as asked that has no answer');
          });
      }
      // Who forgot it may have looked before it was written.
      if (isForgotten) {
        await answers.delete(id).catch((fault: unknown) => {
          log.error({ err: fault, answer: id }, 'a forgotten question could not be deleted');
        });
      }
      live.delete(id);
      surface.indicate('idle');
    }
    return isAnswered;
  }

  /** Answers in the message of the answer that this one replaces, if that has one message alone; below it otherwise. */
  async function answerInPlace(job: Job, attempt: Attempt): Promise<boolean> {
    const { question, previous } = job;
    const { guild } = question.place;
    const old = previous?.inPlace ? await answers.get(previous.id) : null;
    const finder = options.finderOf(guild);
    if (!old?.shown?.reference || !finder?.reopen) return answerNow(job, attempt, null);
    const { id: answerId, shown } = old;
    const where = { reference: old.shown.reference, answerId };
    const found = await finder.reopen(where, attempt.signal).catch((error: unknown) => {
      log.warn(
        { err: error, answer: answerId },
        'an answer could not be found again: the new one stands below it',
      );
      return null;
    });
    // Where it stands, the next message follows its last one.
    const surface = found?.surface ?? question.surface;
    attempt.entry.resumeAt(surface);
    const isAlone = shown.sealed === 0;
    const onAdmitted = async () => {
      await job.onAdmitted();
      if (!isAlone) await finder.changeButtons?.(where, [], abandoned);
    };
    const adopted = isAlone ? (found?.message?.live ?? null) : null;
    return answerNow({ ...job, question: { ...question, surface }, onAdmitted }, attempt, adopted);
  }

  /** While a question waits for a slot, its asker sees how it stands in the queue. */
  async function takeSlot({ surface, place }: Question, signal: AbortSignal): Promise<Slot | Crowded> {
    const over = new AbortController();
    let telling = Promise.resolve();
    const onWait = (placeNow: () => QueuePlace) => {
      surface.indicate('queued');
      telling = tellOfQueue(surface, placeNow, AbortSignal.any([over.signal, signal]));
    };
    try {
      return await slots.take(place.guild, onWait, signal);
    } finally {
      over.abort(OVER);
      await telling;
    }
  }

  async function tellOfQueue({ waits }: Surface, placeNow: () => QueuePlace, until: AbortSignal) {
    if (waits === undefined) return;
    for (let said = ''; !until.aborted; ) {
      const words = queueWords(placeNow());
      if (words !== said) waits(words);
      said = words;
      await clock.sleep(QUEUE_EVERY_MS, until).catch(() => {});
    }
  }

  /** Whether there was an answer, and not only a word to the asker. */
  async function answerNow(job: Job, attempt: Attempt, adopted: LiveMessage | null): Promise<boolean> {
    const { id, askedAtMs, entry, stop, signal } = attempt;
    const { question, asker, conversation, turn, onAdmitted } = job;
    const { actor, place, surface, eventId } = question;
    const obstacle = obstacles.at(place) ?? (await obstacleOf(surface, signal));
    if (obstacle !== null) {
      options.telemetry.obstructed({ guild: place.guild, channel: place.channel, advice: obstacle });
      return refuse(surface, obstacle);
    }
    const looking = conversations.look(conversation);
    const [seen, isUntold, here, decide] = await Promise.all([
      looking,
      place.key === null || listening.isUntold(place.key, conversation),
      options.settings.at({
        place,
        user: actor.user,
        conversation: looking.then(({ value }) => value ?? null),
      }),
      models.look(actor),
    ]);
    const begun = seen.value ?? null;
    const isAdmin = async () => mayActAs(await options.roles(actor), 'admin');
    const refusal = await refusalByLists(here.lists, { actor, place }, isAdmin);
    if (refusal !== null) return refuse(surface, refusal);
    const asked = question.model ?? null;
    const chosen = await options.choose({ whose: actor, decide, setting: here.model, asked });
    if (!chosen.ok) {
      const { text, forAdmins } = chosen;
      const tellsAdmin = forAdmins !== null && (await isAdmin());
      return refuse(surface, tellsAdmin ? `${text} ${forAdmins}` : text);
    }
    const { model, remark } = chosen;
    const persona = here.persona?.persona ?? null;
    let memory: Memory =
      begun === null || question.isAboutThread ? { summary: null, turns: [] } : memoryBefore(begun, turn);
    const words = wordsIn(question.parts);
    const isFirst = !begun?.turns.some(({ id }) => id !== turn) && begun?.anewAtMs === undefined;
    const mayReadThread = question.isAboutThread || (isFirst && here.readsContext);
    const gathered = await options.gather(
      {
        place,
        model,
        brought: broughtIn(question.parts),
        readThread: mayReadThread ? (question.readThread ?? null) : null,
        turns: memory.turns,
      },
      signal,
    );
    const safe = withoutSecrets(gathered.brought, asker.user);
    if (!safe.ok) return refuse(surface, safe.text);
    const { images } = gathered;
    const { brought } = safe;
    // What was read now is not read again by Retry.
    if (brought.length > 0) await answers.save({ ...recordOf(job, id), brought });
    const unseen = gathered.isBlind ? await blindness(model, actor) : null;
    const remarks = [remark, unseen, ...gathered.remarks].filter((line) => line !== null);
    if (words === '' && gathered.read === null) {
      return refuse(surface, ['I could not read anything you sent.', ...remarks].join('\n'));
    }

    const pictures = [...images.values()].flat().length;
    const askFirst = brought.length > 0 && !job.isConfirmed && options.confirmAboveNanoUsd !== null;
    let isCompacted = false;
    const open = async (model: Model, fallbacks: number): Promise<Opened | NotOpened> => {
      const parts = {
        guild: place.guild,
        model,
        images,
        asker,
        question: { text: words, brought },
        day: days.format(clock.now()),
        instructions: here.instructions,
        channel: place.channelName ?? 'this channel',
      };
      let prompt = await promptFor({ ...parts, ...memory }, signal);
      const kept = prompt.ok && here.automatic.summaries ? turnsToKeep(memory.turns, prompt) : null;
      if (kept !== null && !isCompacted) {
        isCompacted = true;
        const { budgetTokens } = windowOfModel(model);
        const shorter = await options.compact(
          { conversation, memory, kept, budgetTokens, actor, place },
          signal,
        );
        if (shorter !== null) {
          memory = shorter;
          remarks.push(SUMMARISED);
          prompt = await promptFor({ ...parts, ...memory }, signal);
        }
      }
      if (!prompt.ok) return { ...prompt, isTooLong: true };
      const { maxOutputTokens, questionTokens } = prompt;
      const request = await models.open({
        id: fallbacks === 0 ? id : `${id}.${fallbacks}`,
        guild: place.guild,
        user: actor.user,
        ...(actor.isOutsider && { isOutsider: true }),
        groups: actor.groups,
        userName: actor.name,
        model: model.id,
        messages: prompt.messages,
        maxOutputTokens,
        webSearch: question.webSearch || here.webSearch,
        conversation,
        ...(askFirst && {
          brought: {
            bytes: mostTokensOfAny(userMessage({ text: '', brought })),
            images: pictures,
            aboveNanoUsd: options.confirmAboveNanoUsd ?? 0,
          },
        }),
        ...(persona?.temperature !== undefined && { temperature: persona.temperature }),
      });
      return request.ok ? { ok: true, request, maxOutputTokens, questionTokens } : request;
    };
    const suits = (other: Model) => pictures === 0 || other.input.includes('image');
    const request = await options.openAnswerer({ place, model, chosen: here.fallback, suits, open });
    if (!request.ok) {
      if (!request.asksFirst) return refuse(surface, request.text);
      await offer(job, attempt, model, request.text);
      return false;
    }
    // Whoever forgets this waits for what was set aside before; what is set aside after that must not cost anything.
    await stops.look().catch((error: unknown) => {
      log.warn({ err: error, answer: id }, 'wishes to stop answers could not be read');
    });
    if (signal.aborted) {
      await request.settle();
      throw signal.reason;
    }
    // Not before: a refusal is for the asker alone, and some platforms show by this that something was asked.
    surface.indicate('working');

    const retired = onAdmitted().catch((error: unknown) => {
      log.warn({ err: error, answer: id }, 'the buttons of an older answer could not be taken off');
    });
    const tie = (key: string) =>
      conversations.attach(conversation, key).catch((error: unknown) => {
        log.error({ err: error, answer: id }, 'a place could not be tied to its conversation');
      });
    const places: Promise<void>[] = [];
    const ownPlace = placeKeyOf(place, surface, actor);
    const messages = adopted === null ? [] : [adopted.key];
    const noteMessage = (key: string): void => {
      messages.push(key);
      // The place itself is kept for as long as the conversation.
      places.push(tie(key), ...(ownPlace === null ? [] : [tie(ownPlace)]));
    };
    const threads = new Set(place.key === null ? [] : [place.key]);
    const tieThread = async (key: string) => {
      threads.add(key);
      await tie(key);
      if (!isHeard(surface)) return;
      await listening.begin(key, conversation).catch(notHeard);
      await options.catchUp.talkedAt({ guild: place.guild, key }).catch(notHeard);
    };
    if (surface.threadKey !== undefined) {
      // Without a thread there is no answer either, and that is told elsewhere.
      const thread = surface.threadKey(signal).catch(() => null);
      places.push(thread.then((key) => (key === null ? undefined : tieThread(key))));
    }
    const announces = () => isHeard(surface) && isUntold;
    const answered = await answer(
      {
        answerId: id,
        askedAtMs,
        entry,
        request,
        surface,
        adopted,
        read: gathered.read,
        remark: [
          ...remarks,
          platformOf(place.guild) !== LOCAL_PLATFORM &&
            request.current.request.access.payer === 'operator' &&
            options.demoNotice,
          question.webSearch && !request.current.request.searchesWeb && withoutSearch(model),
        ]
          .filter(Boolean)
          .join(' '),
        isWhole: here.whole,
        persona: persona?.name ?? null,
        stop,
        signal,
        abandon: AbortSignal.any([abandoned, entry.lost]),
        onMessage: noteMessage,
        onThread: (key) => void places.push(tieThread(key)),
        announcesListening: announces,
        async keep(answered) {
          const { status, reasoning } = answered;
          if (reasoning !== '' && !entry.lost.aborted) await answers.amend(id, { reasoning });
          const text = textInHistory(answered.text, answered.images.length);
          if (text === '' || entry.lost.aborted) return;
          const { questionTokens } = request.current;
          const { model: answeredBy } = request.current.request.access;
          const kept = {
            id: turn,
            user: asker.user,
            author: asker.name,
            question: words,
            ...(brought.length === 0 ? {} : { brought }),
            answer: text,
            model: answeredBy.id,
            status,
            askedAtMs,
            answerId: id,
            ...(answered.bill && {
              bill: {
                costNanoUsd: answered.bill.costNanoUsd,
                payer: request.current.request.access.payer,
              },
            }),
            ...(questionTokens !== null && {
              tokens: questionTokens + (await mostTokens(text, windowVocabulary(answeredBy))),
            }),
          };
          const isWanted = async () => {
            await stops.look();
            return !attempt.isForgotten();
          };
          if (attempt.isForgotten()) return;
          await conversations.record(conversation, kept, isWanted, seen);
        },
      },
      options,
    );
    await Promise.all([retired, ...places]);
    if (announces() && answered.delivered) {
      for (const key of threads) await listening.told(key, conversation).catch(notHeard);
    }
    const { rename, isPrivate } = surface;
    const isNew = begun === null || begun.turns.length === 0;
    if (
      isNew &&
      rename !== undefined &&
      !isPrivate &&
      here.automatic.titles &&
      answered.status === 'complete'
    ) {
      options.titles.name({ rename, question: words, answer: answered.text, actor, place, conversation });
    }
    if (!answered.delivered && abandoned.aborted) entry.leave();
    else {
      const shown = question.message === undefined ? {} : { shown: answered.shown };
      await answers.amend(id, { messages, ...shown });
    }
    if (answered.held !== null) await hold(surface, place, answered.held);
    if (answered.gone !== null) await tellOfObstacle(surface, place, answered.gone);
    const { status, bill, firstTextMs, durationMs, endLagMs, delivered, error } = answered;
    const { access, tier } = request.current.request;
    const facts = {
      answer: id,
      guild: place.guild,
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
        event: eventId,
        user: actor.user,
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
    return true;

    function notHeard(fault: unknown): void {
      log.error({ err: fault, answer: id }, 'whether the bot listens in a thread could not be stored');
    }
  }

  async function refuse(surface: Surface, text: string): Promise<false> {
    await tell(surface, text);
    return false;
  }

  /** Says what the question may cost, with a button to go on. */
  async function offer(
    { question, conversation }: Job,
    { id, askedAtMs, entry }: Attempt,
    model: Model,
    text: string,
  ) {
    const { surface } = question;
    const reply = createReply({
      surface,
      limiters: options.limiters,
      clock,
      log,
      buttons: [],
      async onOpen({ key, threadKey }) {
        await entry.keep();
        for (const place of [key, threadKey]) if (place) await conversations.attach(conversation, place);
      },
      signal: AbortSignal.any([abandoned, entry.lost]),
    });
    const ending = { status: 'complete', note: null, footer: null } as const;
    entry.watch(() => ({ id, model: model.id, askedAtMs, text: '', images: 0, ending, ...reply.progress }));
    reply.write(text);
    await reply.finish({ ...ending, buttons: buttonsAt(id, { state: 'priced' }) });
  }

  /** Says that a model does not see, and which does. */
  async function blindness(model: Model, whose: Whose): Promise<string> {
    const other = await options.seeing(whose);
    const remedy = other === null ? '' : ` ${other.name} does: pick it with \`/model\`.`;
    return `${model.name} sees no pictures.${remedy}`;
  }

  /** Why nothing could be posted here, as far as the platform says so before a model is asked. */
  async function obstacleOf(surface: Surface, signal: AbortSignal): Promise<string | null> {
    if (surface.obstacle === undefined) return null;
    return surface.obstacle(signal).catch((error: unknown) => {
      log.debug({ err: error }, 'whether the bot may post could not be found out');
      return null;
    });
  }

  /** The asker learns that the answer cannot be shown, and the next ones there do before it costs anything. */
  async function tellOfObstacle(surface: Surface, place: Place, gone: PlaceGone): Promise<void> {
    const text = gone.reason === 'refused' ? REFUSED : gone.advice;
    if (text === null) return;
    options.telemetry.obstructed({ guild: place.guild, channel: place.channel, advice: text });
    if (gone.reason !== 'refused') obstacles.note(place, gone.extent, text);
    await tell(surface, text).catch((error: unknown) => {
      log.warn({ err: error }, 'the asker could not be told that the bot may not post');
    });
  }

  /** Keeps the answer until its place is opened, and tells the asker. */
  async function hold(
    surface: Surface,
    { guild }: Place,
    { at, state }: { readonly at: string; readonly state: AnswerState },
  ): Promise<void> {
    const { reference } = surface;
    if (reference === undefined) return;
    const platform = platformOf(guild);
    await options.held.hold({ platform, at, reference, state, tries: 0 });
    await tell(surface, LOCKED).catch((error: unknown) => {
      log.warn({ err: error, answer: state.id }, 'the asker could not be told that the place is locked');
    });
    // It may have been opened before the answer was kept.
    options.opened(platform, at);
  }

  async function tell(surface: Surface, text: string): Promise<void> {
    await surface.tellPrivately({ text: options.nameOperator(text) }, abandoned);
  }

  return run;
}

/** A provider's fault is told by its fields; where it was thrown helps nobody. */
function faultOf(error: unknown): object {
  if (error === null) return {};
  if (!(error instanceof ProviderError)) return { err: error };
  return { httpStatus: error.status, reason: error.reason };
}

/** Whether what others write beside the answer is for the bot from now on. */
function isHeard({ isOverheard = false, isPrivate }: Surface): boolean {
  return isOverheard && !isPrivate;
}

function withoutSearch({ name }: Model): string {
  return `${name} cannot search the web here: pick another model for that.`;
}

/** What the buttons under an answer to the job stand for. */
export function recordOf(
  { question, asker, conversation, turn }: Omit<Job, 'onAdmitted'>,
  id: string,
): AnswerRecord {
  const brought = broughtIn(question.parts);
  return {
    id,
    guild: question.place.guild,
    user: asker.user,
    conversation,
    turn,
    question: wordsIn(question.parts),
    ...(brought.length === 0 ? {} : { brought }),
    author: asker.name,
    model: question.model ?? null,
    webSearch: question.webSearch ?? false,
    isPrivate: question.surface.isPrivate,
    ...(question.message === undefined ? {} : { message: question.message }),
  };
}

/** What a question's conversation hangs on: a private one is its asker's own, wherever it is asked. */
export function placeKeyOf(place: Place, surface: Surface, actor: Actor): string | null {
  return surface.isPrivate ? `${platformOf(place.guild)}:private/${place.channel}/${actor.user}` : place.key;
}
