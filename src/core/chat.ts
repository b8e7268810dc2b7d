import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { type Actor, type GuildId, mayActAs, platformOf, type Roles } from './actor.ts';
import type { Place, Press, Surface } from './adapter.ts';
import { type AnswerRecord, type AnswerRecords, newAnswerId } from './answer-records.ts';
import { answer } from './answering.ts';
import type { Clock } from './clock.ts';
import type { Conversation, Conversations, Turn } from './conversations.ts';
import { waitInWords } from './durations.ts';
import type { Entry, Journal } from './journal.ts';
import { createLanes } from './lanes.ts';
import { type LiveAnswers, type StopCause, Stopped } from './live-answers.ts';
import type { ModelChooser } from './model-choice.ts';
import type { ModelRequests } from './model-requests.ts';
import { ProviderError } from './provider/errors.ts';
import type { RemoteStops } from './remote-stops.ts';
import type { Pacers } from './reply/pacer.ts';
import type { Slots } from './slots.ts';
import { systemPrompt } from './system-prompt.ts';
import type { Telemetry } from './telemetry.ts';
import { threadTitle } from './thread-title.ts';
import type { TokenEstimator } from './tokens/estimator.ts';
import type { Turns } from './turns.ts';
import { windowOf } from './window.ts';

/** A question at a place, with the options of this request alone. */
export interface Question {
  readonly eventId: string;
  readonly actor: Actor;
  readonly place: Place;
  readonly surface: Surface;
  readonly text: string;
  /** A model by name, as a person spelled it. */
  readonly model?: string;
  readonly webSearch?: boolean;
}

/** Conversations with models. Everything that goes wrong is said to the asker; nothing rejects but what `dispatch` words. */
export interface Chat {
  /** Answers a question where it was asked, after those that wait in the same conversation. */
  ask(question: Question): Promise<void>;
  retry(press: Press): Promise<void>;
  continueInThread(press: Press): Promise<void>;
  /** Stops one answer, where the person may. */
  stop(press: Press): Promise<void>;
  /** Stops the answers at a place: the person's own, or everybody's for an admin. Resolves to how many. */
  stopAt(place: Place, actor: Actor): Promise<number>;
  /** Stops what answers a question that was deleted. */
  retract(eventId: string): void;
  /** The conversation that a question asked here would continue. */
  conversationAt(place: Place): Promise<Conversation | null>;
  /** As `conversationAt`, and begins one where there is none. */
  openConversation(place: Place): Promise<Conversation>;
  /** Forgets a conversation and stops its answers. */
  forget(conversation: string): Promise<void>;
  /** Forgets all conversations of a guild and stops their answers; resolves to how many there were. */
  forgetGuild(guild: GuildId): Promise<number>;
  /**
   * Lets answers finish for so long, then ends them as interrupted. Resolves when none is under way: what the platforms do
   * not take within 10 s is left to the journal.
   */
  drain(graceMs: number): Promise<void>;
}

export interface ChatOptions {
  readonly conversations: Conversations;
  readonly answers: AnswerRecords;
  readonly live: LiveAnswers;
  readonly journal: Journal;
  readonly turns: Turns;
  readonly remoteStops: RemoteStops;
  readonly slots: Slots;
  readonly models: ModelRequests;
  readonly choose: ModelChooser;
  readonly tokens: TokenEstimator;
  readonly roles: Roles;
  readonly pacers: Pacers;
  readonly clock: Clock;
  readonly timeZone: string;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /** Whether questions and answers stand in the log; they do not by default. */
  readonly logContent?: boolean;
}

/** Questions that may wait for their turn in one conversation; for `createTurns`. */
export const MAX_WAITING = 5;
/** The longest answer that is asked for. Some 6,000 English words; what it may cost is reserved for every request. */
const MAX_OUTPUT_TOKENS = 8_192;
/** The estimate is OpenAI's tokenizer; others' count more on the same text, some a quarter. */
const WINDOW_SHARE = 0.8;
export const RESTARTING = 'The bot is restarting. Ask again in a minute.';
/** How often `drain` looks whether all answers are done. */
const DRAIN_CHECK_MS = 50;
/** How long the last state of a stopped answer may take to stand; what takes longer is left to the journal. */
const LAST_WORDS_MS = 10_000;

/** One turn to be answered: a new one, or one that is tried again. */
interface Job {
  readonly question: Question;
  /** Whose question it is; the question's actor is who wants it answered now, and whose limits count. */
  readonly asker: { readonly user: string; readonly name: string };
  readonly conversation: string;
  readonly turn: string;
  /** Takes the buttons off the answer that is tried again, once the new one is admitted. */
  readonly onAdmitted: () => Promise<void>;
}

/** One answer to a job. */
interface Attempt {
  readonly id: string;
  readonly askedAtMs: number;
  readonly entry: Entry;
  readonly stop: (cause: StopCause) => void;
  readonly signal: AbortSignal;
}

export function createChat(options: ChatOptions): Chat {
  const { conversations, answers, live, journal, turns, slots, models, tokens, clock, log } = options;
  /** Keeps two first questions at one place from beginning two conversations. */
  const beginnings = createLanes(Number.POSITIVE_INFINITY);
  const abandoned = new AbortController();

  async function openConversation(place: Place, key = place.key): Promise<Conversation> {
    if (key === null) return conversations.create(place.guild, null);
    const release = await beginnings.enter(key, () => {}, abandoned.signal);
    try {
      return (await conversations.at(key)) ?? (await conversations.create(place.guild, key));
    } finally {
      release?.();
    }
  }

  /** Answers a job when it is its conversation's turn. */
  async function run(job: Job): Promise<void> {
    const { question, conversation } = job;
    const { surface, actor, place, eventId } = question;
    const id = newAnswerId();
    const stopping = new AbortController();
    const stop = (cause: StopCause) => stopping.abort(new Stopped(cause));
    const entry = journal.entry(eventId);
    const askedAtMs = clock.now();
    live.add({
      id,
      eventId,
      guild: place.guild,
      user: actor.user,
      conversation,
      channel: place.channel,
      stop,
    });
    try {
      // Retry works from now on, also for whoever finishes this in the place of a process that died.
      await answers.save(recordOf(job, id));
      entry.watch(() => ({ id, model: null, askedAtMs, text: '', sealed: 0, message: null }));
      await entry.keep();
      const release = await turns.enter(conversation, () => surface.indicate('queued'), stopping.signal);
      if (release === null) {
        await tell(
          surface,
          `${MAX_WAITING} questions are waiting here already. Ask again when they are answered, or use \`/stop\`.`,
        );
        return;
      }
      try {
        const slot = await slots.take(place.guild, () => surface.indicate('queued'), stopping.signal);
        if (!slot.ok) {
          await tell(
            surface,
            `Too many answers are being written here. Ask again ${waitInWords(slot.retryAfterMs)}.`,
          );
          return;
        }
        try {
          await answerNow(job, { id, askedAtMs, entry, stop, signal: stopping.signal });
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
      live.delete(id);
      surface.indicate('idle');
    }
  }

  async function answerNow(job: Job, { id, askedAtMs, entry, stop, signal }: Attempt): Promise<void> {
    const { question, asker, conversation, turn, onAdmitted } = job;
    const { actor, place, surface, eventId } = question;
    const history = (await conversations.get(conversation))?.turns ?? [];
    const again = history.findIndex((other) => other.id === turn);
    const before = again < 0 ? history : history.slice(0, again);

    const chosen = await options.choose({ place, conversation, asked: question.model ?? null });
    if (!chosen.ok) return tell(surface, chosen.text);
    const { model, remark } = chosen;

    const maxOutputTokens = Math.min(
      MAX_OUTPUT_TOKENS,
      model.maxOutputTokens ?? MAX_OUTPUT_TOKENS,
      Math.floor(model.contextTokens / 2),
    );
    const named = withNames(before, asker, question.text);
    const system = systemPrompt(place.guild, clock.now(), options.timeZone);
    const questionTokens = await tokens.count(named.question, signal);
    const budgetTokens = Math.floor(model.contextTokens * WINDOW_SHARE) - maxOutputTokens;
    const window = windowOf({
      system: { text: system, tokens: await tokens.count(system, signal) },
      turns: named.turns,
      question: { text: named.question, tokens: questionTokens },
      budgetTokens,
    });
    if (window === null) {
      return tell(
        surface,
        `The question is too long for ${model.name}: about ${questionTokens.toLocaleString('en-US')} tokens, and it takes ${Math.max(0, budgetTokens).toLocaleString('en-US')}. Shorten it, or pick a model with a longer context with \`/models\`.`,
      );
    }

    const request = await models.open({
      id,
      guild: place.guild,
      user: actor.user,
      userName: actor.name,
      model: model.id,
      messages: window.messages,
      maxOutputTokens,
      webSearch: question.webSearch ?? false,
      conversation,
    });
    if (!request.ok) return tell(surface, request.text);
    // Not before: a refusal is for the asker alone, and some platforms show by this that something was asked.
    surface.indicate('working');

    const retired = onAdmitted().catch((error: unknown) => {
      log.warn({ err: error, answer: id }, 'the buttons of an older answer could not be taken off');
    });
    const places: Promise<void>[] = [];
    const answered = await answer(
      {
        answerId: id,
        askedAtMs,
        entry,
        request,
        surface,
        remark,
        maxOutputTokens,
        stop,
        signal,
        abandon: AbortSignal.any([abandoned.signal, entry.lost]),
        onMessage: (key) =>
          void places.push(
            conversations.attach(conversation, key).catch((error: unknown) => {
              log.error({ err: error, answer: id }, 'a message could not be tied to its conversation');
            }),
          ),
        async keep({ text, status }) {
          if (text === '' || entry.lost.aborted || (signal.aborted && isForgotten(signal.reason))) return;
          await conversations.record(conversation, {
            id: turn,
            user: asker.user,
            author: asker.name,
            question: question.text,
            answer: text,
            model: model.id,
            status,
            askedAtMs,
            tokens: questionTokens + (await tokens.count(text)),
          });
          // Keeps the place for as long as the conversation.
          const key = placeKeyOf(place, surface, actor);
          if (key !== null) await conversations.attach(conversation, key);
        },
      },
      options,
    );
    await Promise.all([retired, ...places]);
    if (!answered.delivered && abandoned.signal.aborted) entry.leave();
    const { status, bill, firstTextMs, durationMs, endLagMs, delivered, error } = answered;
    const facts = {
      guild: place.guild,
      model: model.id,
      provider: request.access.route.provider,
      payer: request.access.payer,
      tier: request.tier,
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
        answer: id,
        event: eventId,
        user: actor.user,
        tokens: bill?.tokens,
        ...facts,
        ...(options.logContent ? { question: question.text, text: answered.text } : {}),
        ...(error === null ? {} : { err: error }),
      },
      'answered',
    );
  }

  function abandon(): void {
    abandoned.abort(new Stopped({ kind: 'shutdown' }));
  }

  /** The record behind a button, for a person who may use it; says why not where there is none. */
  async function recordFor(press: Press, action: string): Promise<AnswerRecord | null> {
    const record = await answers.get(press.answerId);
    if (record === null || record.guild !== press.actor.guild) {
      await tell(press.surface, 'This button does not work any more. Ask again with `/ask`.');
      return null;
    }
    if (record.user === press.actor.user || mayActAs(await options.roles(press.actor), 'admin'))
      return record;
    await tell(press.surface, `Only ${record.author} or an admin can ${action} this answer.`);
    return null;
  }

  function stopMatching(cause: StopCause, matches: Parameters<LiveAnswers['find']>[0]): number {
    const found = live.find(matches);
    for (const { stop } of found) stop(cause);
    return found.length;
  }

  return {
    async ask(question) {
      const key = placeKeyOf(question.place, question.surface, question.actor);
      const { id } = await openConversation(question.place, key);
      await run({
        question,
        asker: question.actor,
        conversation: id,
        turn: randomUUID(),
        onAdmitted: async () => {},
      });
    },

    async retry(press) {
      const record = await recordFor(press, 'retry');
      if (record === null) return;
      if (live.find(({ id, eventId }) => id === record.id || eventId === press.id).length > 0) {
        return tell(press.surface, 'This answer is still being written. Stop it first.');
      }
      const { actor, place, surface } = press;
      const conversation = (await conversations.get(record.conversation)) ?? (await openConversation(place));
      await run({
        question: {
          eventId: press.id,
          actor,
          place,
          surface,
          text: record.question,
          ...(record.model === null ? {} : { model: record.model }),
          webSearch: record.webSearch,
        },
        asker: { user: record.user, name: record.author },
        conversation: conversation.id,
        turn: record.turn,
        onAdmitted: () => press.retire(abandoned.signal),
      });
    },

    async continueInThread(press) {
      const record = await answers.get(press.answerId);
      if (record === null || record.guild !== press.actor.guild) {
        return tell(press.surface, 'This button does not work any more. Ask again with `/ask`.');
      }
      const key = await press.openThread(threadTitle(record.question), abandoned.signal);
      if (key === null)
        return tell(press.surface, 'There can be no thread here. Reply to the answer instead.');
      await conversations.attach(record.conversation, key);
    },

    async stop(press) {
      const answering = live.get(press.answerId);
      if (!answering) {
        if ((await recordFor(press, 'stop')) === null) return;
        await options.remoteStops.send(press.answerId, press.actor);
        return tell(press.surface, 'This answer has ended, or ends in a moment.');
      }
      if (answering.guild !== press.actor.guild) {
        return tell(press.surface, 'This answer has ended already.');
      }
      const { user, name } = press.actor;
      if (answering.user !== user && !mayActAs(await options.roles(press.actor), 'admin')) {
        return tell(press.surface, 'Only the person who asked or an admin can stop this answer.');
      }
      answering.stop({ kind: 'person', user, name });
    },

    async stopAt(place, actor) {
      const everybody = mayActAs(await options.roles(actor), 'admin');
      const conversation = place.key === null ? null : await conversations.at(place.key);
      return stopMatching(
        { kind: 'person', user: actor.user, name: actor.name },
        (answering) =>
          answering.guild === place.guild &&
          (answering.user === actor.user || everybody) &&
          (conversation ? answering.conversation === conversation.id : answering.channel === place.channel),
      );
    },

    retract(eventId) {
      stopMatching({ kind: 'question_deleted' }, (answering) => answering.eventId === eventId);
    },

    async conversationAt(place) {
      return place.key === null ? null : conversations.at(place.key);
    },
    openConversation: (place) => openConversation(place),

    async forget(conversation) {
      stopMatching({ kind: 'forgotten' }, (answering) => answering.conversation === conversation);
      await conversations.forget(conversation);
    },

    async forgetGuild(guild) {
      stopMatching({ kind: 'forgotten' }, (answering) => answering.guild === guild);
      return conversations.forgetGuild(guild);
    },

    async drain(graceMs) {
      const endMs = clock.now() + graceMs;
      while (live.size > 0 && clock.now() < endMs) await clock.sleep(DRAIN_CHECK_MS);
      stopMatching({ kind: 'shutdown' }, () => true);
      const abandonAtMs = clock.now() + LAST_WORDS_MS;
      while (live.size > 0) {
        if (clock.now() >= abandonAtMs) abandon();
        await clock.sleep(DRAIN_CHECK_MS);
      }
    },
  };

  async function tell(surface: Surface, text: string): Promise<void> {
    await surface.whisper({ text }, abandoned.signal);
  }
}

function recordOf({ question, asker, conversation, turn }: Job, id: string): AnswerRecord {
  return {
    id,
    guild: question.place.guild,
    user: asker.user,
    conversation,
    turn,
    question: question.text,
    author: asker.name,
    model: question.model ?? null,
    webSearch: question.webSearch ?? false,
  };
}

/** What a question's conversation hangs on: a private one is its asker's own, wherever it is asked. */
function placeKeyOf(place: Place, surface: Surface, actor: Actor): string | null {
  return surface.isPrivate ? `${platformOf(place.guild)}:private/${place.channel}/${actor.user}` : place.key;
}

/** Where several people take part, the model is told who says what. */
function withNames(
  turns: readonly Turn[],
  asker: Job['asker'],
  question: string,
): { readonly turns: readonly Turn[]; readonly question: string } {
  if (turns.every((turn) => turn.user === asker.user)) return { turns, question };
  return {
    turns: turns.map((turn) => ({ ...turn, question: `${turn.author}: ${turn.question}` })),
    question: `${asker.name}: ${question}`,
  };
}

function isForgotten(reason: unknown): boolean {
  return reason instanceof Stopped && reason.stop.kind === 'forgotten';
}
