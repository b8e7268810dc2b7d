import { Routes } from 'discord.js';
import { ignoring } from '../../../core/kit/or-log.ts';
import { inTurn, type Tasks } from '../../../core/kit/scheduling/tasks.ts';
import type { Clock } from '../../../core/kit/time/clock.ts';
import { OVER } from '../../../core/kit/time/over.ts';
import type { Activity } from '../../../core/ports/surface.ts';
import { DiscordRefusal, isForbidden } from '../rest/errors.ts';
import type { DiscordRest } from '../rest/rest.ts';

/** Shows by Discord's own means that a question was seen: an hourglass while it waits, typing while it is worked on. */
export type WaitingSigns = ReturnType<typeof createWaitingSigns>;

const HOURGLASS = encodeURIComponent('⏳');

/** Changes wait for each other, so that a sign that was put up is also taken off. A missing permission is no fault. */
export function createWaitingSigns(rest: DiscordRest, clock: Clock, tasks: Tasks) {
  const typing = createTyping(rest, clock, tasks);

  return {
    /** The signs for one question; no hourglass if `messageId` is null. */
    of({ channelId, messageId }: { readonly channelId: string; readonly messageId: string | null }) {
      const run = inTurn(tasks);
      let activity: Activity = 'idle';

      function react(method: 'PUT' | 'DELETE'): void {
        if (messageId === null) return;
        run('change the waiting sign', (signal) =>
          changeHourglass(rest, method, { channelId, messageId }, signal).catch(ignoring(isForbidden)),
        );
      }

      return (next: Activity): void => {
        if (next === activity) return;
        if (activity === 'working') typing.stop(channelId);
        if (activity === 'queued') react('DELETE');
        activity = next;
        if (next === 'working') typing.start(channelId);
        if (next === 'queued') react('PUT');
      };
    },
  };
}

/** Discord shows typing for 10 s. */
const TYPE_EVERY_MS = 8_000;

/**
 * Shows that the bot is typing in a channel while at least one answer there waits for its first text. Renews the sign every 8 s. A
 * missing permission is no fault.
 */
function createTyping(rest: DiscordRest, clock: Clock, tasks: Tasks) {
  /** By channel, because its answers share one sign. */
  const typing = new Map<string, { answers: number; readonly over: AbortController }>();

  async function keepTyping(channelId: string, signal: AbortSignal): Promise<void> {
    const scope = { key: `discord:typing:${channelId}`, limit: 5, windowMs: 5_000 };
    const path = Routes.channelTyping(channelId);
    for (;;) {
      await rest.insist({ method: 'POST', path, scope, urgency: 'interim' }, signal);
      await clock.sleep(TYPE_EVERY_MS, signal);
    }
  }

  return {
    start(channelId: string): void {
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
    /** Call once for each `start`. */
    stop(channelId: string): void {
      const known = typing.get(channelId);
      if (!known || --known.answers > 0) return;
      typing.delete(channelId);
      known.over.abort(OVER);
    },
  };
}

/** Takes off the hourglass that a dead process may have left on a question. */
export async function takeHourglassOff(
  rest: DiscordRest,
  question: { readonly channelId: string; readonly messageId: string },
  signal: AbortSignal,
): Promise<void> {
  // The question may be gone, or the reaction.
  const isGone = (error: unknown) => error instanceof DiscordRefusal;
  await changeHourglass(rest, 'DELETE', question, signal).catch(ignoring(isGone));
}

async function changeHourglass(
  rest: DiscordRest,
  method: 'PUT' | 'DELETE',
  { channelId, messageId }: { readonly channelId: string; readonly messageId: string },
  signal: AbortSignal,
): Promise<void> {
  const path = Routes.channelMessageOwnReaction(channelId, messageId, HOURGLASS);
  const scope = { key: `discord:react:${channelId}`, limit: 1, windowMs: 300 };
  await rest.insist({ method, path, scope, urgency: 'interim' }, signal);
}
