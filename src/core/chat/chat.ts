import { randomUUID } from 'node:crypto';
import { type AnswerRecord, newAnswerId, type ShownAnswer } from '../conversations/answer-records.ts';
import type { Conversation } from '../conversations/conversation.ts';
import { isOf, Stopped } from '../coordination/live-answers.ts';
import type { StopsSent, StopTarget } from '../coordination/stops.ts';
import { createReply } from '../delivery/reply.ts';
import { waitInWords } from '../kit/durations.ts';
import { oneLine, plainName } from '../kit/text.ts';
import { createThrottle } from '../kit/throttle.ts';
import type { FeedbackLog, Verdict } from '../ledger/feedback.ts';
import { type Actor, type GuildId, mayActAs } from '../ports/actor.ts';
import { BUTTONS, buttonsAt } from '../ports/buttons.ts';
import type { Admission, Place, Press } from '../ports/events.ts';
import { broughtIn, isFromThread, wordsIn } from '../ports/parts.ts';
import type { Surface } from '../ports/surface.ts';
import type { SecretCheck } from '../prompt/secrets.ts';
import { MAX_REASONING_CHARS } from './answering.ts';
import { type AskedJob, placeKeyOf, type Question, type QuestionRunnerOptions, recordOf } from './job.ts';
import type { Pauses } from './pause.ts';
import { createQuestionRunner } from './question.ts';
import { threadTitle } from './thread-title.ts';

/** Conversations with models. The asker is told about every fault; only errors that `dispatch` words reject. */
export interface Chat {
  /**
   * Answers a question, after those that wait in the same conversation. For one that was missed for over ten minutes, asks
   * first whether it is still to be answered.
   */
  ask(question: Question): Promise<void>;
  /** Whether the person may press a button that has a form. */
  mayPress(press: PressedBy): Promise<Admission>;
  /** Answers a question again, with another model if one is named. */
  retry(press: Press, model: string | null): Promise<void>;
  /** Catalogue id of the model that gave an answer; null if it is not stored. */
  answeredBy(answerId: string, guild: GuildId): Promise<string | null>;
  /** Answers a question whose price the asker accepted. */
  confirm(press: Press): Promise<void>;
  /** Answers a question that was offered. */
  answerMissed(press: Press): Promise<void>;
  /** Whether a message was asked as a question, so that an edit of it matters. */
  wasAsked(message: string): Promise<boolean>;
  /**
   * Handles an edit of a question's message. If the text changed: an answer under way stops, and this question is answered in
   * its place; a finished answer gets a button instead.
   */
  edited(question: EditedQuestion): Promise<void>;
  /** Answers the edited question. */
  answerEdited(press: Press): Promise<void>;
  /** Shows a person the model's reasoning. */
  showThinking(press: Press): Promise<void>;
  /** Stores a person's rating of an answer that they can see. */
  rate(press: Press, verdict: Verdict, reason: string | null): Promise<void>;
  /** Asks for the rest of an answer that was cut at the length limit. */
  goOn(press: Press): Promise<void>;
  continueInThread(press: Press): Promise<void>;
  /** Stops one answer, if the person may. */
  stop(press: Press): Promise<void>;
  /** Stops the answers at a place: the person's own, or for an admin everybody's. */
  stopAt(place: Place, actor: Actor): Promise<StopsSent>;
  /** Stops the answer to a deleted question. */
  retract(eventId: string): Promise<void>;
  /** Whether messages here are for the bot without a mention. */
  hears(place: Place, writtenAtMs?: number): Promise<boolean>;
  /** Switches listening at a place on or off, whatever is answered there. */
  setListening(place: Place, state: 'on' | 'off'): Promise<void>;
  /** Ends listening in the place of the button. */
  unlisten(press: Press): Promise<void>;
  /** The conversation that a question here would continue. */
  conversationAt(place: Place): Promise<Conversation | null>;
  /** As `conversationAt`, but creates one if there is none. */
  openConversation(place: Place): Promise<Conversation>;
  /** Lets the next question start anew. Deletes nothing and keeps settings. */
  beginAnew(conversation: string): Promise<void>;
  /**
   * Lets answers finish for `graceMs`, then ends them as interrupted. Resolves when none is under way; last states that the
   * platforms do not accept within 10 s are left to the journal.
   */
  drain(graceMs: number): Promise<void>;
}

/** A press, and the person behind it. */
export type PressedBy = Pick<Press, 'button' | 'answerId' | 'actor'>;

type EditedQuestion = Question & { readonly message: string; readonly editedAt: number };

export interface ChatOptions extends QuestionRunnerOptions {
  readonly secretIn: SecretCheck;
  readonly pauses: Pick<Pauses, 'words'>;
  readonly feedback: Pick<FeedbackLog, 'append'>;
}

/** The interval between checks whether all answers are done. */
const DRAIN_CHECK_MS = 50;
/** Time limit for the last state of a stopped answer; later ones are left to the journal. */
const LAST_WORDS_MS = 10_000;

/** Ratings per person, so that presses cannot fill the store: … */
const MOST_RATINGS = 30;
/** … within this time. */
const RATINGS_WINDOW_MS = 10 * 60_000;

const EXPIRED = 'This button has expired. Ask again with `/ask`.';
const THANKS = {
  good: 'Thanks, noted as a good answer. 👎 changes that.',
  bad: 'Thanks, noted as a bad answer. 👍 changes that.',
} as const satisfies Record<Verdict, string>;

/** Older missed questions may have been settled otherwise, so their author is asked first. */
const ASK_FIRST_MS = 10 * 60_000;
/** Shown with a button where people wrote to the bot while it was away. */
const OFFER = 'I was away when you wrote this. Do you still want an answer?';

/** An answer, and the one that takes its place if its question's message is edited at this moment. */
function inItsPlace(id: string, message: string | null = null): StopTarget {
  return message === null ? { id } : { id, message };
}

function named(model: string | null): { readonly model?: string } {
  return model === null ? {} : { model };
}

export function createChat(options: ChatOptions): Chat {
  const { conversations, answers, listening, live, stops, secretIn, clock } = options;
  const abandoned = new AbortController();
  const run = createQuestionRunner(options, abandoned.signal);

  function abandon(): void {
    abandoned.abort(new Stopped({ kind: 'shutdown' }));
  }

  /** The record behind a button, if the person may use it; else what to tell them. */
  async function look({ button, answerId, actor }: PressedBy): Promise<AnswerRecord | string> {
    const { who, deed } = BUTTONS[button];
    const record = await answers.get(answerId);
    if (record === null || record.guild !== actor.guild) {
      return EXPIRED;
    }
    if (record.user === actor.user) return record;
    // Nobody else can see a private answer, so this button cannot be theirs.
    if (who === 'reader') return record.isPrivate ? EXPIRED : record;
    if (mayActAs(await options.roles(actor), 'admin')) return record;
    return `Only ${plainName(record.author) || 'the person who asked'} or an admin can ${deed} this answer.`;
  }

  async function recordFor(press: Press): Promise<AnswerRecord | null> {
    const found = await look(press);
    if (typeof found !== 'string') return found;
    await tell(press.surface, found);
    return null;
  }

  /** The turn of an answer; undefined if it is not stored. */
  async function turnOf(record: Pick<AnswerRecord, 'conversation' | 'turn'>) {
    const conversation = await conversations.get(record.conversation);
    return conversation?.turns.find(({ id }) => id === record.turn);
  }

  const ratings = createThrottle(clock, MOST_RATINGS, RATINGS_WINDOW_MS);

  /** A sentence on why the rating is not stored; null if it is. */
  async function keepVerdict(
    { id, guild, turn, conversation }: AnswerRecord,
    { user, name }: Actor,
    verdict: Verdict,
    reason: string | null,
  ): Promise<string | null> {
    const waitMs = ratings.countCall(`${guild}/${user}`);
    if (waitMs > 0)
      return `You have rated too many answers in the last few minutes. Try again ${waitInWords(waitMs)}.`;
    const rated = await turnOf({ conversation, turn });
    if (rated === undefined || (rated.answerId !== undefined && rated.answerId !== id)) {
      return 'This answer is no longer stored, so it cannot be rated.';
    }
    const { model, bill } = rated;
    await options.feedback.append({
      answer: id,
      guild: guild as GuildId,
      user,
      userName: name,
      atMs: clock.now(),
      verdict,
      model,
      ...(bill && { bill }),
      ...(reason !== null && { reason }),
    });
    return null;
  }

  /** If the bot is paused, tells the asker. */
  async function isPaused(surface: Surface): Promise<boolean> {
    const words = await options.pauses.words();
    if (words !== null) await tell(surface, words);
    return words !== null;
  }

  /** Answers a button's question again, as it was asked. */
  async function askAgain(
    press: Press,
    {
      model = null,
      afterwards = async () => {},
      asked = (record) => record,
    }: {
      readonly model?: string | null;
      readonly afterwards?: (record: AnswerRecord) => Promise<void>;
      /** What to ask, if it differs from the original question. */
      readonly asked?: (record: AnswerRecord) => Pick<AnswerRecord, 'question' | 'brought'> | undefined;
    } = {},
  ): Promise<void> {
    const record = await recordFor(press);
    if (record === null || (await isPaused(press.surface))) return;
    const wanted = asked(record);
    if (wanted === undefined) return tell(press.surface, EXPIRED);
    if (live.find(({ id, eventId }) => id === record.id || eventId === press.id).length > 0) {
      return tell(press.surface, 'This answer is still being written. Stop it first.');
    }
    const { actor, place, surface } = press;
    const conversation =
      (await conversations.get(record.conversation)) ??
      (await conversations.openConversation(place.guild, place.key));
    await run({
      question: {
        eventId: press.id,
        actor,
        place,
        surface,
        parts: [{ type: 'text', text: wanted.question }, ...(wanted.brought ?? [])],
        ...named(model ?? record.model),
        ...(record.message === undefined ? {} : { message: record.message }),
        ...(record.editedAt === undefined ? {} : { editedAt: record.editedAt }),
        ...(record.effort === undefined ? {} : { effort: record.effort }),
        webSearch: record.webSearch,
      },
      asker: { user: record.user, name: record.author },
      conversation: conversation.id,
      turn: record.turn,
      previous: { id: record.id, inPlace: false },
      async onAdmitted() {
        await Promise.all([press.retire(abandoned.signal), afterwards(record)]);
      },
      isConfirmed: true,
    });
  }

  return {
    async ask(question) {
      const secret = secretIn(question.parts);
      if (secret !== null) return tell(question.surface, secret);
      if (clock.now() - (question.writtenAtMs ?? clock.now()) > ASK_FIRST_MS) return offer(question);
      if (await isPaused(question.surface)) return;
      await run({
        question,
        asker: question.actor,
        ...conversationFor(question),
        turn: randomUUID(),
        onAdmitted: async () => {},
      });
    },

    async mayPress(press) {
      const found = await look(press);
      if (typeof found === 'string') return { ok: false, notice: { text: found } };
      // Counts from now on, so that a person who closes the form has still rated.
      const problem = press.button === 'bad' ? await keepVerdict(found, press.actor, 'bad', null) : null;
      return problem === null ? { ok: true } : { ok: false, notice: { text: problem } };
    },
    async answeredBy(answerId, guild) {
      const record = await answers.get(answerId);
      if (record?.guild !== guild) return null;
      return (await turnOf(record))?.model ?? null;
    },
    async showThinking(press) {
      const record = await recordFor(press);
      if (record === null) return;
      const { reasoning } = record;
      if (reasoning === undefined) return tell(press.surface, 'The model’s thinking is no longer stored.');
      const isCut = reasoning.length >= MAX_REASONING_CHARS;
      const head = `**What the model thought**${isCut ? ` (its first ${MAX_REASONING_CHARS.toLocaleString('en-US')} characters)` : ''}`;
      await tell(press.surface, `${head}\n\n${reasoning}`);
    },
    async rate(press, verdict, reason) {
      const record = await recordFor(press);
      if (record === null) return;
      const problem = await keepVerdict(record, press.actor, verdict, reason);
      await tell(press.surface, problem ?? THANKS[verdict]);
    },
    retry: (press, model) => askAgain(press, { model }),
    confirm: (press) => askAgain(press),
    answerMissed: (press) => askAgain(press, { afterwards: ({ id }) => answers.delete(id) }),

    async wasAsked(message) {
      return (await answers.to(message)) !== null || (await stops.isUnderWay(message));
    },

    async edited(question) {
      const { message, editedAt, surface } = question;
      const record = await answers.to(message);
      // Nothing was shown yet for a question that is still on its way here.
      if (record === null && !(await stops.isUnderWay(message))) return;
      // Platforms deliver some events again, after newer ones.
      if (record?.editedAt !== undefined && record.editedAt >= editedAt) return;
      const words = wordsIn(question.parts);
      if (words === '') return;
      if (record !== null && words === (record.edited ?? record).question) {
        await answers.amend(record.id, { editedAt });
        return;
      }
      const secret = secretIn(question.parts);
      if (record?.shown !== undefined) {
        if (secret === null) await offerEdited(record, record.shown, question);
        return;
      }
      if (secret === null && (await isPaused(surface))) return;
      const target = record === null ? { eventId: message } : { id: record.id, message };
      await stops.send(target, { kind: 'question_edited', editedAt });
      if (secret !== null) return tell(surface, secret);
      await run({
        question,
        asker: question.actor,
        conversation: record?.conversation ?? (await conversationOf(question)),
        turn: record?.turn ?? randomUUID(),
        ...(record === null ? {} : { previous: { id: record.id, inPlace: true } }),
        onAdmitted: async () => {},
      });
    },

    answerEdited: (press) => askAgain(press, { asked: ({ edited }) => edited }),

    async goOn(press) {
      const record = await recordFor(press);
      if (record === null) return;
      const conversation = await conversations.get(record.conversation);
      const cut = conversation?.turns.find(({ id, isPast }) => id === record.turn && !isPast);
      if (!cut) return tell(press.surface, 'This answer is no longer stored. Ask again.');
      const { id: eventId, actor, place, surface } = press;
      const text = `Your answer to “${oneLine(cut.question, 80)}” was cut off at the length limit. Continue exactly where it stopped, and repeat nothing.`;
      await run({
        question: {
          eventId,
          actor,
          place,
          surface,
          parts: [{ type: 'text', text }],
          ...named(record.model),
        },
        asker: { user: actor.user, name: actor.name },
        conversation: record.conversation,
        turn: randomUUID(),
        onAdmitted: () => press.retire(abandoned.signal),
      });
    },

    async continueInThread(press) {
      const record = await recordFor(press);
      if (record === null) return;
      if (record.isPrivate || press.surface.isPrivate) {
        return tell(press.surface, 'This answer is private, so it cannot continue where others can read it.');
      }
      const key = await press.openThread(threadTitle(record.question), abandoned.signal);
      if (key === null)
        return tell(press.surface, 'Threads are not possible here. Reply to the answer instead.');
      await conversations.attach(record.conversation, key);
      await listening.begin(key, record.conversation);
      const { renameThread: rename, actor, place } = press;
      const conversation = await conversations.get(record.conversation);
      const first = conversation?.turns[0];
      const { automatic } = await options.settings.at({ place, conversation });
      if (rename === undefined || conversation === null || first === undefined || !automatic.titles) return;
      const { question, answer } = first;
      options.titles.name({ rename, question, answer, actor, place, conversation: conversation.id });
    },

    async stop(press) {
      const { user, name } = press.actor;
      const cause = { kind: 'person', user, name } as const;
      const answering = live.get(press.answerId);
      if (!answering) {
        const record = await recordFor(press);
        if (record === null) return;
        const { stopped, elsewhere } = await stops.send(inItsPlace(record.id, record.message), cause);
        if (stopped > 0) return;
        return tell(
          press.surface,
          elsewhere ? 'This answer has ended or is about to end.' : 'This answer has already ended.',
        );
      }
      if (answering.guild !== press.actor.guild) {
        return tell(press.surface, 'This answer has already ended.');
      }
      if (!isOf(answering, user) && !mayActAs(await options.roles(press.actor), 'admin')) {
        return tell(press.surface, 'Only the person who asked or an admin can stop this answer.');
      }
      await stops.send(inItsPlace(answering.id, answering.message), cause);
    },

    async stopAt(place, actor) {
      const { user, name } = actor;
      const whose = mayActAs(await options.roles(actor), 'admin') ? {} : { user };
      const conversation = place.key === null ? null : await conversations.at(place.key);
      const { guild, channel } = place;
      const target: StopTarget = conversation
        ? { conversation: conversation.id, ...whose }
        : { guild, channel, ...whose };
      return stops.send(target, { kind: 'person', user, name });
    },

    async retract(eventId) {
      const record = await answers.to(eventId);
      // An answer that is tried again is under way by another event.
      const target = record === null || record.shown !== undefined ? { eventId } : { id: record.id };
      await stops.send(target, { kind: 'question_deleted' });
    },

    async hears({ key }, writtenAtMs) {
      return key !== null && (await listening.hears(key, writtenAtMs));
    },

    setListening,

    async unlisten({ place, actor, answerId, surface }) {
      const record = await answers.get(answerId);
      if (place.key === null || place.guild !== actor.guild || (record && record.guild !== actor.guild)) {
        return tell(surface, 'This button has expired. Use `/listen state:off`.');
      }
      await setListening(place, 'off');
      await tell(
        surface,
        'I no longer listen in this thread. Mention me to ask something. `/listen state:on` switches it on again.',
      );
    },

    async conversationAt(place) {
      return place.key === null ? null : conversations.at(place.key);
    },
    beginAnew: (conversation) => conversations.beginAnew(conversation, clock.now()),
    openConversation: (place) => conversations.openConversation(place.guild, place.key),

    async drain(graceMs) {
      const endMs = clock.now() + graceMs;
      while (live.size > 0 && clock.now() < endMs) await clock.sleep(DRAIN_CHECK_MS);
      for (const { stop } of live.find(() => true)) stop({ kind: 'shutdown' });
      const abandonAtMs = clock.now() + LAST_WORDS_MS;
      while (live.size > 0) {
        if (clock.now() >= abandonAtMs) abandon();
        await clock.sleep(DRAIN_CHECK_MS);
      }
    },
  };

  /** Asks whether an old question is still to be answered. */
  async function offer(question: Question): Promise<void> {
    const { place, surface, actor } = question;
    const { id: conversation } = await conversations.openConversation(
      place.guild,
      placeKeyOf(place, surface, actor),
    );
    const answerId = newAnswerId(place.guild);
    await answers.save(recordOf({ question, asker: actor, conversation, turn: randomUUID() }, answerId));
    const { limiters, log } = options;
    const reply = createReply({
      surface,
      limiters,
      clock,
      log,
      buttons: [],
      onOpen: ({ key }) => conversations.attach(conversation, key),
      signal: abandoned.signal,
    });
    reply.write(OFFER);
    const buttons = buttonsAt(answerId, { state: 'missed' });
    await reply.finish({ status: 'complete', note: null, footer: null, buttons });
  }

  /** Begins one where there is no place to look for it; else looks for the one there. */
  function conversationFor(question: Question): Pick<AskedJob, 'conversation' | 'begun'> {
    const { place, surface, actor } = question;
    if (placeKeyOf(place, surface, actor) !== null) return { conversation: conversationOf(question) };
    const { conversation, stands } = conversations.begin(place.guild);
    return { conversation: conversation.id, begun: stands };
  }

  async function conversationOf({ place, surface, actor }: Question): Promise<string> {
    return (await conversations.openConversation(place.guild, placeKeyOf(place, surface, actor))).id;
  }

  /** Puts a button for the edited question under the finished answer. */
  async function offerEdited(
    record: AnswerRecord,
    { reference, moment }: ShownAnswer,
    { place, parts, editedAt }: EditedQuestion,
  ): Promise<void> {
    // Messages before it in its thread were read at that time.
    const thread = record.brought?.filter(isFromThread) ?? [];
    const brought = [...thread, ...broughtIn(parts)];
    const edited = { question: wordsIn(parts), ...(brought.length > 0 && { brought }) };
    await answers.amend(record.id, { edited, editedAt });
    const finder = options.finderOf(place.guild);
    if (record.edited !== undefined || reference === null || !finder?.changeButtons) return;
    const { id: answerId } = record;
    const buttons = buttonsAt(answerId, { ...moment, isEdited: true });
    await finder.changeButtons({ reference, answerId }, buttons, abandoned.signal);
  }

  async function setListening(place: Place, state: 'on' | 'off'): Promise<void> {
    if (place.key === null) throw new Error('there is no thread to listen in');
    const { id } = await conversations.openConversation(place.guild, place.key);
    await listening.set(place.key, id, state);
  }

  async function tell(surface: Surface, text: string): Promise<void> {
    await surface.tellPrivately({ text: options.nameOperator(text) }, abandoned.signal);
  }
}
