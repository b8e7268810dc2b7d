import { sizeOf } from '../../../core/kit/text-size.ts';
import type { Scope } from '../../../core/ports/scope.ts';
import type { TextLimits } from '../../../core/ports/surface.ts';
import { METHODS, type Method } from './methods.ts';
import { SIZES } from './sizes.ts';

/** Labels and values of five buttons. */
const BUTTON_BYTES = 300;

/** What a message holds beside note, footer and buttons, in bytes as Slack may count them. */
export const MESSAGE_LIMITS: TextLimits = {
  dialect: 'strict',
  maxChars: SIZES.message.max - SIZES.note.max - SIZES.footer.max - BUTTON_BYTES,
  lengthOf: (text) => sizeOf(text, SIZES.message.unit) + joinerBytes(text),
};

/** `neutralise` puts a word joiner of three bytes behind a `<`, however that is written. Each may get one. */
function joinerBytes(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x26 || code === 0x3c) bytes += 3;
  }
  return bytes;
}

/** The limit that all calls of a method share in a workspace. */
export function methodScope(team: string, method: Method): Scope {
  return perMinute(team, method, METHODS[method].perMinute);
}

/**
 * Updates of all messages of a workspace. Slack welcomes "sporadic bursts" above the even pace
 * (docs.slack.dev/apis/web-api/rate-limits), so what was saved up is spent while an answer is young. The reserve is for last
 * states that nothing was kept for, such as those of another process.
 */
export function updatesScope(team: string): Scope {
  return { ...methodScope(team, 'chat.update'), reserve: 2, burst: 20, burstEach: 3 };
}

/** Updates of one message. Nobody is served by more than about one a second; the last state need not wait for it. */
export function messageScope(team: string, channel: string, ts: string): Scope {
  const key = `slack:${team}:message:${channel}:${ts}`;
  return { key, limit: 3, reserve: 2, windowMs: 900, within: updatesScope(team) };
}

/** Signs that a question was seen: below the 20 a minute at which reactions can be taken off again. */
export function reactionScope(team: string): Scope {
  return perMinute(team, 'reactions', 18);
}

/** Statuses that say how long a model thinks: a second apart over all answers, so that their own method has room. */
export function thinkingScope(team: string): Scope {
  return perMinute(team, 'thinking', 60);
}

/** Each agent session costs two calls of the fifty a minute. */
export function sessionScope(team: string): Scope {
  return perMinute(team, 'sessions', 20);
}

/**
 * Native streams. Starting and stopping are limited to 20 a minute each. A stream counts from its start until a minute after
 * its stop, so that no minute sees more of either, however the answers fall. After six it is dead, whatever became of it.
 */
export function streamScope(team: string) {
  return { ...perMinute(team, 'streams', 18), longestMs: 360_000 };
}

function perMinute(team: string, what: string, limit: number): Scope {
  return { key: `slack:${team}:${what}`, limit, windowMs: 60_000, isShared: true };
}

/**
 * Posts: "1 per second, short bursts >1 allowed" in a channel (docs.slack.dev/apis/web-api/rate-limits). Others measured
 * bursts of about 25; five questions of one moment are answered at once.
 */
export function postScope(team: string, channel: string): Scope {
  return { key: `slack:${team}:post:${channel}`, limit: 5, windowMs: 5_000, isShared: true };
}

/** For an `openMessage` that draws from the channel's posts by itself. */
export function selfPacedScope(team: string, channel: string): Scope {
  return { key: `slack:${team}:self-paced:${channel}`, limit: 1_000_000, windowMs: 1 };
}
