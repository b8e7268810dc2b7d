import type { Scope } from '../../../core/ports/scope.ts';
import type { TextLimits } from '../../../core/ports/surface.ts';
import { METHODS, type Method } from './methods.ts';

/**
 * A Markdown block holds 12,000 characters, and all texts of a message about 13,200 together (slackapi/bolt-js#2509).
 * Neutralising adds at most one character to four, so that 9,000 always fit, with note, footer and buttons beside them.
 */
export const MESSAGE_LIMITS: TextLimits = { maxChars: 9_000 };

/** Ten answers may end at the same moment without a wait. */
const RESERVE = 10;

/** The limit that all calls of a method share in a workspace. */
export function methodScope(team: string, method: Method): Scope {
  const scope = perMinute(team, method, METHODS[method].perMinute);
  return method === 'chat.update' ? { ...scope, reserve: RESERVE } : scope;
}

/** Signs that a question was seen: below the 20 a minute at which reactions can be taken off again. */
export function reactionScope(team: string): Scope {
  return perMinute(team, 'reactions', 18);
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

/** Posts: about one per second and channel, short bursts above that. A question and its answer may follow at once. */
export function postScope(team: string, channel: string): Scope {
  return { key: `slack:${team}:post:${channel}`, limit: 2, windowMs: 2_000, isShared: true };
}

/** For an `open` that draws from the channel's posts by itself. */
export function selfPacedScope(team: string, channel: string): Scope {
  return { key: `slack:${team}:self-paced:${channel}`, limit: 1_000_000, windowMs: 1 };
}
