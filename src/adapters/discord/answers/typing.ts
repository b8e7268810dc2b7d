import { Routes } from 'discord.js';
import type { Clock } from '../../../core/kit/clock.ts';
import { ignoring } from '../../../core/kit/or-log.ts';
import { OVER } from '../../../core/kit/over.ts';
import type { Tasks } from '../../../core/kit/tasks.ts';
import type { Scope } from '../../../core/ports/scope.ts';
import { isForbidden } from '../rest/errors.ts';
import type { DiscordRest } from '../rest/rest.ts';

/** Shows that the bot is typing in a channel while at least one answer there waits for its first text. */
export interface Typing {
  start(channelId: string): void;
  /** Call once for each `start`. */
  stop(channelId: string): void;
}

/** Discord shows typing for 10 s. */
const EVERY_MS = 8_000;

/** Renews the sign every 8 s. A missing permission is no fault. */
export function createTyping(rest: DiscordRest, clock: Clock, tasks: Tasks): Typing {
  /** By channel, because its answers share one sign. */
  const typing = new Map<string, { answers: number; readonly over: AbortController }>();

  async function keepTyping(channelId: string, signal: AbortSignal): Promise<void> {
    const scope: Scope = { key: `discord:typing:${channelId}`, limit: 5, windowMs: 5_000 };
    for (;;) {
      const path = Routes.channelTyping(channelId);
      await rest.insist({ method: 'POST', path, scope, urgency: 'interim' }, signal);
      await clock.sleep(EVERY_MS, signal);
    }
  }

  return {
    start(channelId) {
      const known = typing.get(channelId);
      if (known) {
        known.answers++;
        return;
      }
      const over = new AbortController();
      typing.set(channelId, { answers: 1, over });
      const isHarmless = (error: unknown) => over.signal.aborted || isForbidden(error);
      tasks.run('show typing', (leaving) =>
        keepTyping(channelId, AbortSignal.any([leaving, over.signal])).catch(ignoring(isHarmless)),
      );
    },
    stop(channelId) {
      const known = typing.get(channelId);
      if (!known || --known.answers > 0) return;
      typing.delete(channelId);
      known.over.abort(OVER);
    },
  };
}
