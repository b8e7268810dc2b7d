import { explainRefusal } from '../access/access.ts';
import { allowanceFor, effortRemark } from '../access/allowance.ts';
import { refusalByLists } from '../access/lists.ts';
import type { AnswerRecord } from '../conversations/answer-records.ts';
import { type Conversation, type Memory, memoryBefore, type Turn } from '../conversations/conversation.ts';
import { userMessage } from '../conversations/user-message.ts';
import type { Seen } from '../coordination/collection.ts';
import type { AnswerState } from '../coordination/journal.ts';
import { createReply } from '../delivery/reply.ts';
import { mayActAs, platformOf, type Whose } from '../ports/actor.ts';
import { buttonsAt } from '../ports/buttons.ts';
import type { PlaceGone } from '../ports/delivery-errors.ts';
import type { Place } from '../ports/events.ts';
import type { Model } from '../ports/model.ts';
import { broughtIn, isFromThread, wordsIn } from '../ports/parts.ts';
import { LOCAL_PLATFORM } from '../ports/platforms.ts';
import { ProviderError } from '../ports/provider-errors.ts';
import type { LiveMessage, Surface } from '../ports/surface.ts';
import { turnsToKeep } from '../prompt/compaction.ts';
import type { ToGather } from '../prompt/gather.ts';
import { promptFor, windowBudget, windowVocabulary } from '../prompt/prompt.ts';
import { withoutSecrets } from '../prompt/secrets.ts';
import { mostTokens, mostTokensOfAny } from '../tokens/most-tokens.ts';
import { textInHistory } from './answer-text.ts';
import { answer } from './answering.ts';
import type { NotOpened, Opened } from './fallbacks.ts';
import {
  type Attempt,
  isHeard,
  type Job,
  placeKeyOf,
  type Question,
  type QuestionRunnerOptions,
  recordOf,
} from './job.ts';
import { createObstacles } from './obstacles.ts';

/** Shown above an answer for which a summary was made. */
const SUMMARISED = 'I summarised the older part of this conversation: `/context` shows it.';
const LOCKED =
  'The thread was locked before my answer was complete. I will finish it there once somebody unlocks the thread.';
const REFUSED =
  'The platform refused the rest of my answer, so I stopped. Ask again; if it happens again, tell the operator of this bot.';

/** Answers a job that has its turn and a slot; false if there was no answer, only a message to the asker. */
export type AnswerNow = (job: Job, attempt: Attempt, adopted: LiveMessage | null) => Promise<boolean>;

/** @param abandoned ends delivery at once; the journal then has the rest */
export function createAnswerNow(options: QuestionRunnerOptions, abandoned: AbortSignal): AnswerNow {
  const { conversations, answers, listening, stops, models, clock, log } = options;
  const obstacles = createObstacles(clock);
  // Creating one takes a fifth of a millisecond, so it is done once.
  const days = new Intl.DateTimeFormat('en-CA', { timeZone: options.timeZone, dateStyle: 'short' });

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
    const [seen, isUntold, here, looked] = await Promise.all([
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
    const chosen = await options.choose({ whose: actor, decide: looked.decide, setting: here.model, asked });
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
    const gathered = await options.gather(
      {
        place,
        model,
        brought: broughtIn(question.parts),
        readThread: await unheard(question, here.readsContext, begun, turn),
        turns: memory.turns,
      },
      signal,
    );
    const safe = withoutSecrets(gathered.brought, asker.user);
    if (!safe.ok) return refuse(surface, safe.text);
    const { images } = gathered;
    const { brought } = safe;
    // Stored so that a retry need not read it again.
    if (brought.length > 0) await answers.save({ ...recordOf(job, id), brought });
    const unseen = gathered.isBlind ? await blindness(model, actor) : null;
    const remarks = [remark, unseen, ...gathered.remarks].filter((line) => line !== null);
    if (words === '' && gathered.read === null) {
      return refuse(surface, ['I could not read any of your attachments.', ...remarks].join('\n'));
    }

    const pictures = [...images.values()].flat().length;
    const askFirst = brought.length > 0 && !job.isConfirmed && options.confirmAboveNanoUsd !== null;
    let isCompacted = false;
    // A summary of a thread needs no thinking.
    const chosenEffort = question.isAboutThread ? null : here.effort;
    const effort = question.effort ?? chosenEffort?.effort ?? null;
    const open = async (model: Model, fallbacks: number): Promise<Opened | NotOpened> => {
      const access = looked.decide(model.id);
      if (!access.ok) return { ok: false, text: explainRefusal(access) };
      const { maxOutputTokens } = allowanceFor(access, effort);
      const parts = {
        guild: place.guild,
        model,
        maxOutputTokens,
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
        const budgetTokens = windowBudget(model, maxOutputTokens);
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
      const { questionTokens } = prompt;
      const request = await models.openRequest({
        id: fallbacks === 0 ? id : `${id}.${fallbacks}`,
        guild: place.guild,
        user: actor.user,
        ...(actor.isOutsider && { isOutsider: true }),
        groups: actor.groups,
        userName: actor.name,
        model: model.id,
        messages: prompt.messages,
        maxOutputTokens,
        effort,
        webSearch: question.webSearch || here.webSearch,
        conversation,
        looked,
        ...(askFirst && {
          brought: {
            bytes: mostTokensOfAny(userMessage({ text: '', brought })),
            images: pictures,
            aboveNanoUsd: options.confirmAboveNanoUsd ?? 0,
          },
        }),
        ...(persona?.temperature !== undefined && { temperature: persona.temperature }),
      });
      if (!request.ok) return request;
      const remark = question.effort === undefined ? null : effortRemark(request.access, question.effort);
      return { ok: true, request, questionTokens, remark };
    };
    const suits = (other: Model) => pictures === 0 || other.input.includes('image');
    const request = await options.openAnswerer({ place, model, chosen: here.fallback, suits, open });
    if (!request.ok) {
      if (!request.asksFirst) return refuse(surface, request.text);
      await offer(job, attempt, model, request.text);
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

    const retired = onAdmitted().catch((error: unknown) => {
      log.warn({ err: error, answer: id }, 'could not remove the buttons of an older answer');
    });
    const tie = (key: string) =>
      conversations.attach(conversation, key).catch((error: unknown) => {
        log.error({ err: error, answer: id }, 'could not connect a place to its conversation');
      });
    const belongs = (key: string) =>
      answers.attach(id, key).catch((error: unknown) => {
        log.error({ err: error, answer: id }, 'a message could not be tied to its answer');
      });
    const places: Promise<void>[] = [];
    const ownPlace = placeKeyOf(place, surface, actor);
    const messages = adopted === null ? [] : [adopted.key];
    const noteMessage = (key: string): void => {
      messages.push(key);
      // The place itself is kept as long as the conversation.
      places.push(tie(key), belongs(key), ...(ownPlace === null ? [] : [tie(ownPlace)]));
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
      // Without a thread there is no answer either, which is reported elsewhere.
      const thread = surface.threadKey(signal).catch(() => null);
      places.push(thread.then((key) => (key === null ? undefined : tieThread(key))));
    }
    const announces = () => isHeard(surface) && isUntold;
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
        read: gathered.read,
        remarks: [
          ...remarks,
          platformOf(place.guild) !== LOCAL_PLATFORM &&
            request.current.request.access.payer === 'operator' &&
            options.demoNotice,
          question.webSearch && !request.current.request.searchesWeb && withoutSearch(model),
        ].filter((line) => typeof line === 'string'),
        isWhole: here.whole,
        persona: persona?.name ?? null,
        asksEffort: question.effort !== undefined,
        stop,
        signal,
        abandon: AbortSignal.any([abandoned, entry.lost]),
        onMessage: noteMessage,
        onThread: (key) => void places.push(tieThread(key)),
        announcesListening: announces,
        isInLongThread: mayBeSummarised(question, here.readsContext, [...memory.turns, { brought }]),
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
            record = answers.look(id).catch(() => null);
            await Promise.all([stops.look(), record]);
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
      const more = { messages, ...(question.message !== undefined && { shown: answered.shown }) };
      const seen = await record;
      const note = () =>
        answers.amend(id, more, seen ?? undefined).then(undefined, (error: unknown) => {
          log.error({ err: error, answer: id }, 'could not store which messages an answer has');
        });
      // Another process may finish a held answer as soon as it is stored.
      if (answered.held !== null) await note();
      else attempt.whenOver(note);
    }
    if (answered.left.length > 0) await tellRest(surface, answered.left);
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
      log.error({ err: fault, answer: id }, 'could not store whether the bot listens in a thread');
    }
  }

  /** Reads the part of the question's thread that the conversation lacks: all of it at first, later what the bot missed. */
  async function unheard(
    { readThread, isAboutThread, isMention, place }: Question,
    readsThreads: boolean,
    begun: Conversation | null,
    turn: string,
  ): Promise<ToGather['readThread']> {
    if (readThread === undefined || (!isAboutThread && !readsThreads)) return null;
    const others = begun?.turns.filter(({ id }) => id !== turn) ?? [];
    const knownUntilMs = Math.max(begun?.anewAtMs ?? 0, ...others.map(({ askedAtMs }) => askedAtMs));
    if (isAboutThread || knownUntilMs === 0) return (signal) => readThread(null, signal);
    if (!isMention || place.key === null || (await listening.hears(place.key))) return null;
    return (signal) => readThread(knownUntilMs, signal);
  }

  async function refuse(surface: Surface, text: string): Promise<false> {
    await tell(surface, text);
    return false;
  }

  /** Shows what the question may cost, with a button to confirm. */
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

  /** Says that a model cannot see pictures, and which one can. */
  async function blindness(model: Model, whose: Whose): Promise<string> {
    const other = await options.seeing(whose);
    const remedy = other === null ? '' : ` ${other.name} can; pick it with \`/model\`.`;
    return `${model.name} cannot see pictures.${remedy}`;
  }

  /** The reason why nothing can be posted here, if the platform tells before a model is asked. */
  async function obstacleOf(surface: Surface, signal: AbortSignal): Promise<string | null> {
    if (surface.obstacle === undefined) return null;
    return surface.obstacle(signal).catch((error: unknown) => {
      log.debug({ err: error }, 'could not check whether the bot may post');
      return null;
    });
  }

  /** Tells the asker that the answer cannot be shown. Later askers there learn it before it costs anything. */
  async function tellOfObstacle(surface: Surface, place: Place, gone: PlaceGone): Promise<void> {
    const text = gone.reason === 'refused' ? REFUSED : gone.advice;
    if (text === null) return;
    options.telemetry.obstructed({ guild: place.guild, channel: place.channel, advice: text });
    if (gone.reason !== 'refused') obstacles.note(place, gone.extent, text);
    await tell(surface, text).catch((error: unknown) => {
      log.warn({ err: error }, 'could not tell the asker that the bot may not post');
    });
  }

  /** Tells the asker the remarks that did not fit under the answer. */
  async function tellRest(surface: Surface, remarks: readonly string[]): Promise<void> {
    const text = `**More on this answer**\n${remarks.map((line) => `- ${line}`).join('\n')}`;
    await tell(surface, text).catch((error: unknown) => {
      log.warn({ err: error }, 'could not tell the asker the other remarks on an answer');
    });
  }

  /** Keeps the answer until its place is unlocked, and tells the asker. */
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
      log.warn({ err: error, answer: state.id }, 'could not tell the asker that the place is locked');
    });
    // The place may have been unlocked before the answer was kept.
    options.opened(platform, at);
  }

  async function tell(surface: Surface, text: string): Promise<void> {
    await surface.tellPrivately({ text: options.nameOperator(text) }, abandoned);
  }

  return answerNow;
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

function withoutSearch({ name }: Model): string {
  return `${name} cannot search the web here. Pick another model for that.`;
}
