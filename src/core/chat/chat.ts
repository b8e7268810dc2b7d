import { randomUUID } from 'node:crypto';
import type { Conversation } from '../conversations/conversation.ts';
import { Stopped } from '../coordination/live-answers.ts';
import type { FeedbackLog } from '../ledger/feedback.ts';
import type { GuildId } from '../ports/actor.ts';
import type { Place, Press } from '../ports/events.ts';
import type { SecretCheck } from '../prompt/secrets.ts';
import { type Again, createAgain } from './actions/again.ts';
import { createEdits, type Edits } from './actions/edits.ts';
import { createPressed } from './actions/pressed.ts';
import { createRatings, type Ratings } from './actions/ratings.ts';
import { createStopping, type Stopping } from './actions/stopping.ts';
import { MAX_REASONING_CHARS } from './answer/answering.ts';
import { createTell } from './answer/tell.ts';
import { threadTitle } from './answer/thread-title.ts';
import type { Pauses } from './pause.ts';
import { type AskedJob, placeKeyOf, type Question, type QuestionRunnerOptions } from './question/job.ts';
import { createOfferMissed } from './question/offer-missed.ts';
import { createQuestionRunner } from './question/question.ts';

/** Conversations with models. The asker is told about every fault; only errors that `dispatch` words reject. */
export interface Chat extends Again, Edits, Ratings, Stopping {
  /**
   * Answers a question, after those that wait in the same conversation. For one that was missed for over ten minutes, asks
   * first whether it is still to be answered.
   */
  ask(question: Question): Promise<void>;
  /** Catalogue id of the model that gave an answer; null if it is not stored. */
  answeredBy(answerId: string, guild: GuildId): Promise<string | null>;
  /** Shows a person the model's reasoning. */
  showThinking(press: Press): Promise<void>;
  continueInThread(press: Press): Promise<void>;
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

export interface ChatOptions extends QuestionRunnerOptions {
  readonly secretIn: SecretCheck;
  readonly pauses: Pick<Pauses, 'words'>;
  readonly feedback: Pick<FeedbackLog, 'append'>;
}

/** The interval between checks whether all answers are done. */
const DRAIN_CHECK_MS = 50;
/** Time limit for the last state of a stopped answer; later ones are left to the journal. */
const LAST_WORDS_MS = 10_000;

/** Older missed questions may have been settled otherwise, so their author is asked first. */
const ASK_FIRST_MS = 10 * 60_000;

export function createChat(options: ChatOptions): Chat {
  const { conversations, answers, listening, live, secretIn, clock } = options;
  const abandoned = new AbortController();
  const run = createQuestionRunner(options, abandoned.signal);
  const tell = createTell(options.nameOperator, abandoned.signal);
  const offer = createOfferMissed(options, tell, abandoned.signal);
  const pressed = createPressed(options, tell);
  const { recordFor, turnOf } = pressed;
  const shared = { tell, run, isPaused, abandoned: abandoned.signal };

  function abandon(): void {
    abandoned.abort(new Stopped({ kind: 'shutdown' }));
  }

  /** If the bot is paused, tells the asker. */
  async function isPaused({ surface }: Pick<Question, 'surface'>): Promise<boolean> {
    const words = await options.pauses.words();
    if (words !== null) await tell(surface, words);
    return words !== null;
  }

  return {
    ...createAgain({ ...options, ...shared, pressed }),
    ...createEdits({ ...options, ...shared, conversationOf }),
    ...createRatings(options, pressed, tell),
    ...createStopping(options, pressed, tell),

    async ask(question) {
      const secret = secretIn(question.parts);
      if (secret !== null) return tell(question.surface, secret);
      if (clock.now() - (question.writtenAtMs ?? clock.now()) > ASK_FIRST_MS) return offer(question);
      if (await isPaused(question)) return;
      await run({
        question,
        asker: question.actor,
        ...conversationFor(question),
        turn: randomUUID(),
        onAdmitted: async () => {},
      });
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
      for (const { stop } of live.values()) stop({ kind: 'shutdown' });
      const abandonAtMs = clock.now() + LAST_WORDS_MS;
      while (live.size > 0) {
        if (clock.now() >= abandonAtMs) abandon();
        await clock.sleep(DRAIN_CHECK_MS);
      }
    },
  };

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

  async function setListening(place: Place, state: 'on' | 'off'): Promise<void> {
    if (place.key === null) throw new Error('there is no thread to listen in');
    const { id } = await conversations.openConversation(place.guild, place.key);
    await listening.set(place.key, id, state);
  }
}
