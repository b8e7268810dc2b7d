import { sizeOf } from '../../../core/kit/text/text-size.ts';
import type { Scope } from '../../../core/ports/scope.ts';
import type { TextLimits } from '../../../core/ports/surface.ts';
import { METHODS, type Method } from './methods.ts';
import { SIZES } from './sizes.ts';

/** Labels and values of five buttons. */
const BUTTON_BYTES = 300;

/** The room for text in a message, besides note, footer and buttons, in bytes as Slack may count them. */
export const MESSAGE_LIMITS: TextLimits = {
  dialect: 'strict',
  maxChars: SIZES.message.max - SIZES.note.max - SIZES.footer.max - BUTTON_BYTES,
  lengthOf: (text) => sizeOf(text, SIZES.message.unit) + joinerBytes(text),
};

/** `neutralise` adds a word joiner of three bytes after `<`, in any notation. Assume one for each. */
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
 * Updates of all messages of a workspace. Slack allows "sporadic bursts" above the even rate
 * (docs.slack.dev/apis/web-api/rate-limits), so savings are spent while an answer is young. The reserve is for last states
 * for which no room was kept, such as another process's.
 */
export function updatesScope(team: string): Scope {
  return { ...methodScope(team, 'chat.update'), reserve: 2, burst: 20, burstEach: 6 };
}

/** Updates of one message. More than about one a second helps nobody; the last state need not wait for it. */
export function messageScope(team: string, channel: string, ts: string): Scope {
  const key = `slack:${team}:message:${channel}:${ts}`;
  return { key, limit: 3, reserve: 2, windowMs: 900, within: updatesScope(team) };
}

/** Signs on questions: fewer than the 20 a minute at which reactions can be removed. */
export function reactionScope(team: string): Scope {
  return perMinute(team, 'reactions', 18);
}

/** Statuses of reasoning models: one a second over all answers, which leaves room in the method's own limit. */
export function thinkingScope(team: string): Scope {
  return perMinute(team, 'thinking', 60);
}

/** Each agent session costs two of the fifty calls a minute. */
export function sessionScope(team: string): Scope {
  return perMinute(team, 'sessions', 20);
}

/**
 * Native streams. Slack allows 20 starts and 20 stops a minute. A stream counts from its start until a minute after its stop,
 * so that no minute contains more of either. After six minutes a stream is certainly dead.
 */
export function streamScope(team: string) {
  return { ...perMinute(team, 'streams', 18), longestMs: 360_000 };
}

/** Look-ups of one thing each, where a list answers too. The rest of the method's limit is for things that no list has. */
export function lookUpScope(team: string, method: Method): Scope {
  return perMinute(team, `look-up:${method}`, METHODS[method].perMinute * 0.8);
}

function perMinute(team: string, what: string, limit: number): Scope {
  return { key: `slack:${team}:${what}`, limit, windowMs: 60_000, isShared: true };
}

/**
 * Posts: "1 per second, short bursts >1 allowed" per channel (docs.slack.dev/apis/web-api/rate-limits). Others measured
 * bursts of about 25; here five may go at once.
 */
export function postScope(team: string, channel: string): Scope {
  return { key: `slack:${team}:post:${channel}`, limit: 5, windowMs: 5_000, refills: true, isShared: true };
}

/** For an `open` that paces the channel's posts itself. */
export function selfPacedScope(team: string, channel: string): Scope {
  return { key: `slack:${team}:self-paced:${channel}`, limit: 1_000_000, windowMs: 1 };
}
