import { randomUUID } from 'node:crypto';
import { isOf, Stopped } from '../coordination/live-answers.ts';
import type { StopsSent, StopTarget } from '../coordination/stops.ts';
import { type Actor, mayActAs, type Roles } from '../ports/actor.ts';
import type { Place, Press } from '../ports/events.ts';
import type { Surface } from '../ports/surface.ts';
import type { AnswerRecord } from './answer-records.ts';
import type { Conversation } from './conversations.ts';
import { createQuestionRunner, placeKeyOf, type Question, type QuestionRunnerOptions } from './question.ts';
import { threadTitle } from './thread-title.ts';

/** Conversations with models. Everything that goes wrong is said to the asker; nothing rejects but what `dispatch` words. */
export interface Chat {
  /** Answers a question where it was asked, after those that wait in the same conversation. */
  ask(question: Question): Promise<void>;
  retry(press: Press): Promise<void>;
  /** Answers a question whose price was said first. */
  confirm(press: Press): Promise<void>;
  continueInThread(press: Press): Promise<void>;
  /** Stops one answer, where the person may. */
  stop(press: Press): Promise<void>;
  /** Stops the answers at a place: the person's own, or everybody's for an admin. */
  stopAt(place: Place, actor: Actor): Promise<StopsSent>;
  /** Stops what answers a question that was deleted. */
  retract(eventId: string): Promise<void>;
  /** Whether what is written here is for the bot without a mention: it has answered here. */
  hears(place: Place): Promise<boolean>;
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

export interface ChatOptions extends QuestionRunnerOptions {
  readonly roles: Roles;
}

/** How often `drain` looks whether all answers are done. */
const DRAIN_CHECK_MS = 50;
/** How long the last state of a stopped answer may take to stand; what takes longer is left to the journal. */
const LAST_WORDS_MS = 10_000;

export function createChat(options: ChatOptions): Chat {
  const { conversations, answers, live, stops, clock } = options;
  const abandoned = new AbortController();
  const run = createQuestionRunner(options, abandoned.signal);

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

  /** Answers the question behind a button, as it was asked. */
  async function askAgain(press: Press, action: string): Promise<void> {
    const record = await recordFor(press, action);
    if (record === null) return;
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
        ...(record.model === null ? {} : { model: record.model }),
        webSearch: record.webSearch,
      },
      asker: { user: record.user, name: record.author },
      conversation: conversation.id,
      turn: record.turn,
      onAdmitted: () => press.retire(abandoned.signal),
      isConfirmed: true,
    });
  }

  return {
    async ask(question) {
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

    retry: (press) => askAgain(press, 'retry'),
    confirm: (press) => askAgain(press, 'go on with'),

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
      const { user, name } = press.actor;
      const answering = live.get(press.answerId);
      if (!answering) {
        if ((await recordFor(press, 'stop')) === null) return;
        const { elsewhere } = await stops.send({ id: press.answerId }, { kind: 'person', user, name });
        return tell(
          press.surface,
          elsewhere ? 'This answer has ended, or ends in a moment.' : 'This answer has ended already.',
        );
      }
      if (answering.guild !== press.actor.guild) {
        return tell(press.surface, 'This answer has ended already.');
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
      return key !== null && conversations.knows(key);
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

  async function tell(surface: Surface, text: string): Promise<void> {
    await surface.tellPrivately({ text }, abandoned.signal);
  }
}
