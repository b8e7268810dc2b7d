import { sizeOf } from '../../../core/kit/text-size.ts';
import type { Scope } from '../../../core/ports/scope.ts';
import type { TextLimits } from '../../../core/ports/surface.ts';
import { METHODS, type Method } from './methods.ts';
import { SIZES } from './sizes.ts';

/** Labels and values of three buttons. */
const BUTTON_BYTES = 200;

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
