import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Logger } from 'pino';
import type { Clock } from '../../../core/kit/clock.ts';
import { Refused } from './http.ts';

/** Asks for `ADMIN_TOKEN` once per browser. */
export interface Login {
  /** Whether the request carries a session of this process. */
  isOpen(request: IncomingMessage): boolean;
  /** Exchanges the token for a session: the value of a `Set-Cookie` header. @throws Refused with 401 or 429 */
  open(token: string, address: string): string;
}

const COOKIE = 'parley_playground';
const SESSION_MS = 12 * 60 * 60 * 1_000;

/** Enough for a person who mistypes, too few for guessing. */
const MAX_WRONG = 5;
const WRONG_WINDOW_MS = 60_000;
const MAX_ADDRESSES = 1_000;

/** For a playground that anybody who reaches it may use. */
export const openLogin: Login = {
  isOpen: () => true,
  open: () => {
    throw new Refused(404, 'This playground asks for no token.');
  },
};

export function createLogin(adminToken: string, clock: Clock, log: Logger): Login {
  const expected = digest(adminToken);
  const sessions = new Map<string, number>();
  /** By address, the one that was wrong last at the end. */
  const wrong = new Map<string, readonly number[]>();

  function noteWrong(address: string, recent: readonly number[]): void {
    wrong.delete(address);
    wrong.set(address, [...recent, clock.now()]);
    const [oldest] = wrong.keys();
    if (wrong.size > MAX_ADDRESSES && oldest !== undefined) wrong.delete(oldest);
  }

  return {
    isOpen(request) {
      const session = cookieOf(request);
      return session !== undefined && (sessions.get(digest(session).toString('hex')) ?? 0) > clock.now();
    },
    open(token, address) {
      const nowMs = clock.now();
      // Whoever has the token is let in, however many others guess from the same address.
      if (!timingSafeEqual(digest(token), expected)) {
        const recent = (wrong.get(address) ?? []).filter((atMs) => atMs > nowMs - WRONG_WINDOW_MS);
        if (recent.length >= MAX_WRONG) {
          throw new Refused(429, 'Too many wrong tokens. Wait a minute and try again.');
        }
        noteWrong(address, recent);
        log.warn(
          { address, wrong: recent.length + 1 },
          'a login to the playground failed: the token was wrong',
        );
        throw new Refused(401, 'That is not the ADMIN_TOKEN of this installation.');
      }
      for (const [known, endsAtMs] of sessions) if (endsAtMs <= nowMs) sessions.delete(known);
      const session = randomBytes(32).toString('base64url');
      sessions.set(digest(session).toString('hex'), nowMs + SESSION_MS);
      return `${COOKIE}=${session}; HttpOnly; SameSite=Strict; Path=/playground/; Max-Age=${SESSION_MS / 1_000}`;
    },
  };
}

/** From where a request comes: behind a proxy on this machine, what that says, last in the list. */
export function addressOf({ headers, socket }: IncomingMessage): string {
  const from = socket.remoteAddress ?? '';
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',').at(-1)?.trim() ?? '';
  return isLoopbackAddress(from) && isIP(forwarded) !== 0 ? forwarded : from;
}

function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address);
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
