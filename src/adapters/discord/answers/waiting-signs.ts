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

/** Shows by Discord's own means that a question was seen: an hourglass while it waits its turn, typing while it is worked on. */
export interface WaitingSigns {
  /** The signs of one question. */
  of(question: {
    readonly channelId: string;
    readonly messageId: string | null;
  }): (activity: Activity) => void;
  /**
   * Words on a question that waits, as a reply to it: the first ones that are said, until null is. What a process that dies has
   * said stays.
   */
  wordsOf(question: {
    readonly channelId: string;
    readonly messageId: string;
  }): (words: string | null) => void;
}

/** Discord shows typing for 10 s. */
const TYPING_EVERY_MS = 8_000;
const HOURGLASS = encodeURIComponent('⏳');

export function createWaitingSigns(rest: DiscordRest, clock: Clock, tasks: Tasks): WaitingSigns {
  /** Answers that wait for their first text, by channel: they share one sign. */
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

  return {
    wordsOf({ channelId, messageId }) {
      const writer = createChannelWriter({ ...rest, request: rest.insist }, channelId);
      let isShown = false;
      let id: string | null = null;
      let changed = Promise.resolve();

      async function change(words: string | null, signal: AbortSignal): Promise<void> {
        try {
          if (words === null) {
            if (id !== null)
              await rest.insist({ method: 'DELETE', path: Routes.channelMessage(channelId, id) }, signal);
            id = null;
          } else {
            const [body] = noticeBodies(`-# ⏳ ${words}`);
            if (body !== undefined)
              id = await writer.send({ ...body, ...referenceTo(messageId) }, [], signal);
          }
        } catch (error) {
          // Deleted by somebody, or nothing may be said here.
          if (!(error instanceof PlaceGone || error instanceof DiscordRefusal)) throw error;
        }
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

    of({ channelId, messageId }) {
      let activity: Activity = 'idle';
      /** The newest change of the reaction: each waits for the one before. */
      let reacted = Promise.resolve();

      function react(method: 'PUT' | 'DELETE'): void {
        if (messageId === null) return;
        const path = Routes.channelMessageOwnReaction(channelId, messageId, HOURGLASS);
        const scope: Scope = { key: `discord:react:${channelId}`, limit: 1, windowMs: 300 };
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
