import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../../core/kit/clock.ts';
import { Refused } from './http.ts';

/** Asks for `ADMIN_TOKEN` once per browser. */
export interface Login {
  /** Whether the request carries a session of this process. */
  isOpen(request: IncomingMessage): boolean;
  /** Exchanges the token for a session: the value of a `Set-Cookie` header. @throws Refused with 401 or 429 */
  open(token: string): string;
}

const COOKIE = 'parley_playground';
const SESSION_MS = 12 * 60 * 60 * 1_000;

/** Enough for a person who mistypes, too few for guessing. */
const MAX_WRONG = 5;
const WRONG_WINDOW_MS = 60_000;

/** For a playground that anybody who reaches it may use. */
export const openLogin: Login = {
  isOpen: () => true,
  open: () => {
    throw new Refused(404, 'This playground asks for no token.');
  },
};

export function createLogin(adminToken: string, clock: Clock): Login {
  const expected = digest(adminToken);
  const sessions = new Map<string, number>();
  let wrongAtMs: number[] = [];

  return {
    isOpen(request) {
      const session = cookieOf(request);
      return session !== undefined && (sessions.get(digest(session).toString('hex')) ?? 0) > clock.now();
    },
    open(token) {
      const nowMs = clock.now();
      wrongAtMs = wrongAtMs.filter((atMs) => atMs > nowMs - WRONG_WINDOW_MS);
      if (wrongAtMs.length >= MAX_WRONG) {
        throw new Refused(429, 'Too many wrong tokens. Wait a minute and try again.');
      }
      if (!timingSafeEqual(digest(token), expected)) {
        wrongAtMs.push(nowMs);
        throw new Refused(401, 'That is not the ADMIN_TOKEN of this installation.');
      }
      for (const [known, endsAtMs] of sessions) if (endsAtMs <= nowMs) sessions.delete(known);
      const session = randomBytes(32).toString('base64url');
      sessions.set(digest(session).toString('hex'), nowMs + SESSION_MS);
      return `${COOKIE}=${session}; HttpOnly; SameSite=Strict; Path=/playground/; Max-Age=${SESSION_MS / 1_000}`;
    },
  };
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function cookieOf({ headers }: IncomingMessage): string | undefined {
  for (const pair of (headers.cookie ?? '').split(';')) {
    const [name, value] = pair.trim().split('=');
    if (name === COOKIE) return value;
  }
  return undefined;
}
