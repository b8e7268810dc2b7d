import { Routes } from 'discord.js';
import { ignoring } from '../../../core/kit/or-log.ts';
import { type Tasks, TasksInTurn } from '../../../core/kit/scheduling/tasks.ts';
import type { Clock } from '../../../core/kit/time/clock.ts';
import { OVER } from '../../../core/kit/time/over.ts';
import type { Activity } from '../../../core/ports/surface.ts';
import { DiscordRefusal, isForbidden } from '../rest/errors.ts';
import type { DiscordRest } from '../rest/rest.ts';

export type WaitingSigns = ReturnType<typeof createWaitingSigns>;

/** Shows by Discord's own means that questions were seen. A missing permission is no fault. */
export function createWaitingSigns(rest: DiscordRest, clock: Clock, tasks: Tasks) {
  const typing = createTyping(rest, clock, tasks);
  return { of: (question: SignedQuestion) => new WaitingSign(rest, typing, tasks, question) };
}

interface SignedQuestion {
  readonly channelId: string;
  /** No hourglass if null. */
  readonly messageId: string | null;
}

const HOURGLASS = encodeURIComponent('⏳');

/** The sign of one question: an hourglass while it waits, typing while it is worked on. */
export class WaitingSign {
  readonly #rest: DiscordRest;
  readonly #typing: Typing;
  readonly #question: SignedQuestion;
  /** So that a sign that was put up is also taken off. */
  readonly #inTurn: TasksInTurn;
  #activity: Activity = 'idle';

  constructor(rest: DiscordRest, typing: Typing, tasks: Tasks, question: SignedQuestion) {
    this.#rest = rest;
    this.#typing = typing;
    this.#question = question;
    this.#inTurn = new TasksInTurn(tasks);
  }

  show(next: Activity): void {
    const { channelId } = this.#question;
    if (next === this.#activity) return;
    if (this.#activity === 'working') this.#typing.stop(channelId);
    if (this.#activity === 'queued') this.#react('DELETE');
    this.#activity = next;
    if (next === 'working') this.#typing.start(channelId);
    if (next === 'queued') this.#react('PUT');
  }

  #react(method: 'PUT' | 'DELETE'): void {
    const { channelId, messageId } = this.#question;
    if (messageId === null) return;
    this.#inTurn.run('change the waiting sign', (signal) =>
      changeHourglass(this.#rest, method, { channelId, messageId }, signal).catch(ignoring(isForbidden)),
    );
  }
}

type Typing = ReturnType<typeof createTyping>;

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
