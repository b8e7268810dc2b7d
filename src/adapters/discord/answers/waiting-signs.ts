import { Routes } from 'discord.js';
import type { Clock } from '../../../core/kit/clock.ts';
import { ignoring } from '../../../core/kit/or-log.ts';
import { inTurn, type Tasks } from '../../../core/kit/tasks.ts';
import type { Activity } from '../../../core/ports/surface.ts';
import { DiscordRefusal, isForbidden } from '../rest/errors.ts';
import type { DiscordRest } from '../rest/rest.ts';
import { createTyping } from './typing.ts';

/** Shows by Discord's own means that a question was seen: an hourglass while it waits, typing while it is worked on. */
export interface WaitingSigns {
  /** The signs for one question; no hourglass if `messageId` is null. */
  of(question: {
    readonly channelId: string;
    readonly messageId: string | null;
  }): (activity: Activity) => void;
}

const HOURGLASS = encodeURIComponent('⏳');

/** Changes wait for each other, so that a sign that was put up is also taken off. A missing permission is no fault. */
export function createWaitingSigns(rest: DiscordRest, clock: Clock, tasks: Tasks): WaitingSigns {
  const typing = createTyping(rest, clock, tasks);

  return {
    of({ channelId, messageId }) {
      const run = inTurn(tasks);
      let activity: Activity = 'idle';

      function react(method: 'PUT' | 'DELETE'): void {
        if (messageId === null) return;
        run('change the waiting sign', (signal) =>
          changeHourglass(rest, method, { channelId, messageId }, signal).catch(ignoring(isForbidden)),
        );
      }

      return (next) => {
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
