import { randomUUID } from 'node:crypto';
import { isOf, Stopped } from '../coordination/live-answers.ts';
import type { StopsSent, StopTarget } from '../coordination/stops.ts';
import { createReply } from '../delivery/reply.ts';
import { ownerOfKeyIn } from '../kit/api-keys.ts';
import { oneLine, plainName } from '../kit/text.ts';
import { type Actor, type GuildId, mayActAs, type Roles } from '../ports/actor.ts';
import { BUTTONS, buttonsAt } from '../ports/buttons.ts';
import type { Admission, Place, Press } from '../ports/events.ts';
import { textsIn } from '../ports/parts.ts';
import type { Surface } from '../ports/surface.ts';
import { type AnswerRecord, newAnswerId } from './answer-records.ts';
import type { Conversation } from './conversations.ts';
import type { Pauses } from './pause.ts';
import {
  createQuestionRunner,
  placeKeyOf,
  type Question,
  type QuestionRunnerOptions,
  recordOf,
} from './question.ts';
import { threadTitle } from './thread-title.ts';

/** Conversations with models. Everything that goes wrong is said to the asker; nothing rejects but what `dispatch` words. */
export interface Chat {
  /** Answers a question where it was asked, after those that wait in the same conversation. */
  ask(question: Question): Promise<void>;
  /** Whether the person may press a button that asks something first. */
  admitPress(press: PressedBy): Promise<Admission>;
  /** Answers a question again, with another model if one is named. */
  retry(press: Press, model: string | null): Promise<void>;
  /** Catalogue id of the model that gave an answer; null if that is not remembered. */
  answeredBy(answerId: string, guild: GuildId): Promise<string | null>;
  /** Answers a question whose price was said first. */
  confirm(press: Press): Promise<void>;
  /** Asks first whether a question that is old by now is still to be answered. */
  offer(question: Question): Promise<void>;
  /** Answers what was offered. */
  answerMissed(press: Press): Promise<void>;
  /** Asks for the rest of an answer that was cut at the longest length allowed. */
  goOn(press: Press): Promise<void>;
  continueInThread(press: Press): Promise<void>;
  /** Stops one answer, where the person may. */
  stop(press: Press): Promise<void>;
  /** Stops the answers at a place: the person's own, or everybody's for an admin. */
  stopAt(place: Place, actor: Actor): Promise<StopsSent>;
  /** Stops what answers a question that was deleted. */
  retract(eventId: string): Promise<void>;
  /** Whether what is written here is for the bot without a mention. */
  hears(place: Place): Promise<boolean>;
  /** Lets the bot listen at a place, or not, whatever is answered there. */
  setListening(place: Place, state: 'on' | 'off'): Promise<void>;
  /** Ends listening where the button was pressed. */
  unlisten(press: Press): Promise<void>;
  /** The conversation that a question asked here would continue. */
  conversationAt(place: Place): Promise<Conversation | null>;
  /** As `conversationAt`, and begins one where there is none. */
  openConversation(place: Place): Promise<Conversation>;
  /** Lets the next question begin anew; nothing is deleted, and what was chosen stays. */
  beginAnew(conversation: string): Promise<void>;
  /**
   * Lets answers finish for so long, then ends them as interrupted. Resolves when none is under way: what the platforms do
   * not take within 10 s is left to the journal.
   */
  drain(graceMs: number): Promise<void>;
}

/** Who presses what. */
export type PressedBy = Pick<Press, 'button' | 'answerId' | 'actor'>;

export interface ChatOptions extends QuestionRunnerOptions {
  readonly pauses: Pick<Pauses, 'words'>;
  readonly roles: Roles;
}

/** How often `drain` looks whether all answers are done. */
const DRAIN_CHECK_MS = 50;
/** How long the last state of a stopped answer may take to stand; what takes longer is left to the journal. */
const LAST_WORDS_MS = 10_000;

/** Stands where people wrote to the bot while it was away, beside a button. */
const OFFER = 'I was away when you wrote this. Do you still want an answer?';

function named(model: string | null): { readonly model?: string } {
  return model === null ? {} : { model };
}

function withKeyIn(owner: string): string {
  return `Your question holds what looks like a secret key of ${owner}’s, so I sent it to no model and kept nothing of it. Delete your message, revoke the key where it was made, and ask again without it. An admin connects a key for this place with \`/connect\`, which asks in a form.`;
}

export function createChat(options: ChatOptions): Chat {
  const { conversations, answers, listening, live, stops, clock } = options;
  const abandoned = new AbortController();
  const run = createQuestionRunner(options, abandoned.signal);

  function abandon(): void {
    abandoned.abort(new Stopped({ kind: 'shutdown' }));
  }

  /** The record behind a button, for a person who may use it; else what to tell them. */
  async function look({ button, answerId, actor }: PressedBy): Promise<AnswerRecord | string> {
    const { who, deed } = BUTTONS[button];
    const record = await answers.get(answerId);
    if (record === null || record.guild !== actor.guild) {
      return 'This button has expired. Ask again with `/ask`.';
    }
    if (who === 'reader' || record.user === actor.user) return record;
    if (mayActAs(await options.roles(actor), 'admin')) return record;
    return `Only ${plainName(record.author) || 'the person who asked'} or an admin can ${deed} this answer.`;
  }

  async function recordFor(press: Press): Promise<AnswerRecord | null> {
    const found = await look(press);
    if (typeof found !== 'string') return found;
    await tell(press.surface, found);
    return null;
  }

  /** The turn that this very answer belongs to; undefined if it is not remembered, or was answered again since. */
  async function turnOf(record: AnswerRecord) {
    const conversation = await conversations.get(record.conversation);
    return conversation?.turns.find(({ id }) => id === record.turn);
  }

  /** Tells the person who asks, if the bot is paused. */
  async function isPaused(surface: Surface): Promise<boolean> {
    const words = await options.pauses.words();
    if (words !== null) await tell(surface, words);
    return words !== null;
  }

  /** Answers the question behind a button, as it was asked. */
  async function askAgain(
    press: Press,
    model: string | null = null,
    afterwards: (record: AnswerRecord) => Promise<void> = async () => {},
  ): Promise<void> {
    const record = await recordFor(press);
    if (record === null || (await isPaused(press.surface))) return;
    if (live.find(({ id, eventId }) => id === record.id || eventId === press.id).length > 0) {
      return tell(press.surface, 'This answer is still being written. Stop it first.');
    }
    const { actor, place, surface } = press;
    const conversation =
      (await conversations.get(record.conversation)) ?? (await conversations.open(place.guild, place.key));
    await run({
      question: {
        eventId: press.id,
        actor,
        place,
        surface,
        parts: [{ type: 'text', text: record.question }, ...(record.brought ?? [])],
        ...named(model ?? record.model),
        webSearch: record.webSearch,
      },
      asker: { user: record.user, name: record.author },
      conversation: conversation.id,
      turn: record.turn,
      async onAdmitted() {
        await Promise.all([press.retire(abandoned.signal), afterwards(record)]);
      },
      isConfirmed: true,
    });
  }

  return {
    async ask(question) {
      const owner = ownerOfKeyIn(textsIn(question.parts).join('\n'));
      if (owner !== null) return tell(question.surface, withKeyIn(owner));
      if (await isPaused(question.surface)) return;
      const key = placeKeyOf(question.place, question.surface, question.actor);
      const { id } = await conversations.open(question.place.guild, key);
      await run({
        question,
        asker: question.actor,
        conversation: id,
        turn: randomUUID(),
        onAdmitted: async () => {},
      });
    },

    async admitPress(press) {
      const found = await look(press);
      return typeof found === 'string' ? { ok: false, notice: { text: found } } : { ok: true };
    },
    async answeredBy(answerId, guild) {
      const record = await answers.get(answerId);
      if (record?.guild !== guild) return null;
      return (await turnOf(record))?.model ?? null;
    },
    retry: (press, model) => askAgain(press, model),
    confirm: (press) => askAgain(press),
    async offer(question) {
      const { place, surface, actor } = question;
      if (ownerOfKeyIn(textsIn(question.parts).join('\n')) !== null) return;
      const { id: conversation } = await conversations.open(place.guild, placeKeyOf(place, surface, actor));
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
    },

    answerMissed: (press) => askAgain(press, null, ({ id }) => answers.delete(id)),

    async goOn(press) {
      const record = await recordFor(press);
      if (record === null) return;
      const conversation = await conversations.get(record.conversation);
      const cut = conversation?.turns.find(({ id, isPast }) => id === record.turn && !isPast);
      if (!cut) return tell(press.surface, 'I do not remember this answer any more. Ask again.');
      const { id: eventId, actor, place, surface } = press;
      const text = `Your answer to “${oneLine(cut.question, 80)}” was cut at the longest length allowed. Go on exactly where it broke off, and repeat nothing.`;
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
        return tell(press.surface, 'This answer is private, so it cannot go on where others read.');
      }
      const key = await press.openThread(threadTitle(record.question), abandoned.signal);
      if (key === null)
        return tell(press.surface, 'Threads are not possible here. Reply to the answer instead.');
      await conversations.attach(record.conversation, key);
      await listening.begin(key, record.conversation);
    },

    async stop(press) {
      const { user, name } = press.actor;
      const answering = live.get(press.answerId);
      if (!answering) {
        if ((await recordFor(press)) === null) return;
        const { elsewhere } = await stops.send({ id: press.answerId }, { kind: 'person', user, name });
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
      answering.stop({ kind: 'person', user, name });
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
      await stops.send({ eventId }, { kind: 'question_deleted' });
    },

    async hears({ key }) {
      return key !== null && (await listening.hears(key));
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
        'I do not listen in this thread any more: mention me to ask something. `/listen state:on` changes that.',
      );
    },

    async conversationAt(place) {
      return place.key === null ? null : conversations.at(place.key);
    },
    beginAnew: (conversation) => conversations.beginAnew(conversation, clock.now()),
    openConversation: (place) => conversations.open(place.guild, place.key),

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

  async function setListening(place: Place, state: 'on' | 'off'): Promise<void> {
    if (place.key === null) throw new Error('there is no thread here to listen in');
    const { id } = await conversations.open(place.guild, place.key);
    await listening.set(place.key, id, state);
  }

  async function tell(surface: Surface, text: string): Promise<void> {
    await surface.tellPrivately({ text }, abandoned.signal);
  }
}
