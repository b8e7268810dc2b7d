import { Routes } from 'discord.js';
import type { Clock } from '../../../core/kit/clock.ts';
import { OVER } from '../../../core/kit/over.ts';
import type { Tasks } from '../../../core/kit/tasks.ts';
import { PlaceGone } from '../../../core/ports/delivery-errors.ts';
import type { Scope } from '../../../core/ports/scope.ts';
import type { Activity } from '../../../core/ports/surface.ts';
import { DiscordRefusal, isForbidden } from '../rest/errors.ts';
import type { DiscordRest } from '../rest/rest.ts';
import { noticeBodies } from './content.ts';
import { createChannelWriter } from './message-writers.ts';
import { referenceTo } from './post-notice.ts';
import { findMessage, type SentMessage, UNREAD } from './read-back.ts';

/** Shows by Discord's own means that a question was seen: an hourglass while it waits, typing while it is worked on. */
export interface WaitingSigns {
  /** The signs for one question. */
  of(question: {
    readonly channelId: string;
    readonly messageId: string | null;
  }): (activity: Activity) => void;
  /**
   * Shows words in reply to a waiting question: the first words given, until null is given. If the process dies, they stay.
   */
  wordsOf(question: {
    readonly channelId: string;
    readonly messageId: string;
  }): (words: string | null) => void;
  /** Takes off what a process that died may have left on a question: the hourglass and the words. */
  takeOff(question: { readonly channelId: string; readonly messageId: string }, botId: string): void;
}

/** Discord shows typing for 10 s. */
const TYPING_EVERY_MS = 8_000;
const HOURGLASS = encodeURIComponent('⏳');
const WORDS = '-# ⏳ ';

export function createWaitingSigns(rest: DiscordRest, clock: Clock, tasks: Tasks): WaitingSigns {
  /** Answers that wait for their first text, by channel, because they share one sign. */
  const typing = new Map<string, { waiting: number; over: AbortController }>();

  function startTyping(channelId: string): void {
    const known = typing.get(channelId);
    if (known) {
      known.waiting++;
      return;
    }
    const over = new AbortController();
    typing.set(channelId, { waiting: 1, over });
    tasks.run('show typing', async (leaving) => {
      const signal = AbortSignal.any([leaving, over.signal]);
      const scope: Scope = { key: `discord:typing:${channelId}`, limit: 5, windowMs: 5_000 };
      try {
        for (;;) {
          const path = Routes.channelTyping(channelId);
          await rest.insist({ method: 'POST', path, scope, urgency: 'interim' }, signal);
          await clock.sleep(TYPING_EVERY_MS, signal);
        }
      } catch (error) {
        if (!over.signal.aborted && !isForbidden(error)) throw error;
      }
    });
  }

  function stopTyping(channelId: string): void {
    const known = typing.get(channelId);
    if (!known || --known.waiting > 0) return;
    typing.delete(channelId);
    known.over.abort(OVER);
  }

  async function deleteMessage(channelId: string, id: string, signal: AbortSignal): Promise<void> {
    const path = Routes.channelMessage(channelId, id);
    await unlessGone(rest.insist({ method: 'DELETE', path }, signal));
  }

  return {
    wordsOf({ channelId, messageId }) {
      const writer = createChannelWriter({ ...rest, request: rest.insist }, channelId);
      let isShown = false;
      let id: string | null = null;
      let changed = Promise.resolve();

      async function change(words: string | null, signal: AbortSignal): Promise<void> {
        if (words === null) {
          if (id !== null) await deleteMessage(channelId, id, signal);
          id = null;
          return;
        }
        const [body] = noticeBodies(WORDS + words);
        if (body !== undefined)
          id = await unlessGone(writer.send({ ...body, ...referenceTo(messageId) }, [], signal));
      }

      return (words) => {
        if (isShown === (words !== null)) return;
        isShown = words !== null;
        const before = changed;
        changed = new Promise((resolve) => {
          tasks.run('say how long a question waits', (signal) =>
            before.then(() => change(words, signal)).finally(resolve),
          );
        });
      };
    },

    takeOff({ channelId, messageId }, botId) {
      const isWords = ({ author, content, message_reference: to }: SentMessage) =>
        author.id === botId && content.startsWith(WORDS) && to?.message_id === messageId;
      tasks.run('take off the signs of a dead process', async (signal) => {
        const reaction = Routes.channelMessageOwnReaction(channelId, messageId, HOURGLASS);
        const scope = reactionScope(channelId);
        await unlessGone(
          rest.insist({ method: 'DELETE', path: reaction, scope, urgency: 'interim' }, signal),
        );
        const at = { channelId, afterId: messageId };
        const words = await unlessGone(findMessage(rest, at, isWords, signal));
        if (!words || words === UNREAD) return;
        await deleteMessage(channelId, words.id, signal);
      });
    },

    of({ channelId, messageId }) {
      let activity: Activity = 'idle';
      /** The newest change of the reaction; each one waits for the previous. */
      let reacted = Promise.resolve();

      function react(method: 'PUT' | 'DELETE'): void {
        if (messageId === null) return;
        const path = Routes.channelMessageOwnReaction(channelId, messageId, HOURGLASS);
        const scope = reactionScope(channelId);
        const before = reacted;
        reacted = new Promise((resolve) => {
          tasks.run('change the waiting sign', async (signal) => {
            await before;
            try {
              await rest.insist({ method, path, scope, urgency: 'interim' }, signal);
            } catch (error) {
              if (!isForbidden(error)) throw error;
            } finally {
              resolve();
            }
          });
        });
      }

      return (next) => {
        if (next === activity) return;
        if (activity === 'working') stopTyping(channelId);
        if (activity === 'queued') react('DELETE');
        activity = next;
        if (next === 'working') startTyping(channelId);
        if (next === 'queued') react('PUT');
      };
    },
  };
}

function reactionScope(channelId: string): Scope {
  return { key: `discord:react:${channelId}`, limit: 1, windowMs: 300 };
}

/** Resolves to null if what is asked for is not there any more, or nothing may be done there. */
async function unlessGone<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof PlaceGone || error instanceof DiscordRefusal) return null;
    throw error;
  }
}
