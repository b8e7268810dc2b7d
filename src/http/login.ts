import { createHmac, randomBytes, scryptSync } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { BoundedMap } from '../core/kit/bounded-map.ts';
import { isSameSecret } from '../core/kit/secrets/same-secret.ts';
import type { Clock } from '../core/kit/time/clock.ts';
import { addressOf } from './addresses.ts';
import { Refused } from './requests.ts';

/** Asks for `ADMIN_TOKEN` once per browser, for the playground and the dashboard. */
export interface Login {
  /**
   * Whether the request has a valid session. Sessions of other processes with the same token, and from before a restart,
   * count.
   */
  hasSession(request: IncomingMessage): boolean;
  /**
   * Exchanges the token for a session; returns the value of a `Set-Cookie` header.
   * @throws Refused with 401 or 429
   */
  openSession(token: string, request: IncomingMessage): string;
  /** Ends the session; returns the value of a `Set-Cookie` header. */
  closeSession(request: IncomingMessage): string;
}

const COOKIE = 'parley_session';
const SESSION_MS = 12 * 60 * 60 * 1_000;

/** Enough for typing errors, too few for guessing. */
const MAX_WRONG = 5;
const WRONG_WINDOW_MS = 60_000;
const MAX_ADDRESSES = 1_000;

/** Sessions last 12 hours. An address may try five wrong tokens a minute. */
export function createLogin(adminToken: string, clock: Clock, log: Logger): Login {
  /** Times of failed logins by address. */
  const wrong = new BoundedMap<string, readonly number[]>(MAX_ADDRESSES);

  function signatureOf(session: string): string {
    return createHmac('sha256', keyFrom(adminToken)).update(session).digest('base64url');
  }

  return {
    hasSession(request) {
      const [, session, signature] = /^(\d+\.[\w-]+)\.([\w-]+)$/.exec(cookieOf(request)) ?? [];
      if (session === undefined || signature === undefined) return false;
      return Number.parseInt(session, 10) > clock.now() && isSameSecret(signature, signatureOf(session));
    },

    openSession(token, request) {
      const nowMs = clock.now();
      const address = addressOf(request);
      // The correct token is always accepted, even if others guess from the same address.
      if (!isSameSecret(token, adminToken)) {
        const recent = (wrong.get(address) ?? []).filter((atMs) => atMs > nowMs - WRONG_WINDOW_MS);
        if (recent.length >= MAX_WRONG) {
          throw new Refused(429, 'Too many wrong tokens. Wait a minute and try again.');
        }
        wrong.set(address, [...recent, nowMs]);
        log.warn({ address, wrong: recent.length + 1 }, 'a login failed: wrong token');
        throw new Refused(401, 'Wrong token. Enter the ADMIN_TOKEN of this installation.');
      }
      const session = `${nowMs + SESSION_MS}.${randomBytes(16).toString('base64url')}`;
      return cookie(`${session}.${signatureOf(session)}`, SESSION_MS / 1_000, request);
    },

    closeSession: (request) => cookie('', 0, request),
  };
}

/** By token. */
const keys = new Map<string, Buffer>();

/** Derives the key that signs sessions: slow, so that nobody can test tokens against a stolen cookie, and so only once. */
function keyFrom(adminToken: string): Buffer {
  const key = keys.get(adminToken) ?? scryptSync(adminToken, 'parley session', 32);
  keys.set(adminToken, key);
  return key;
}

function cookie(value: string, maxAgeSec: number, request: IncomingMessage): string {
  const secure = isHttps(request) ? '; Secure' : '';
  return `${COOKIE}=${value}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${maxAgeSec}${secure}`;
}

/** Whether the browser uses HTTPS to a proxy; this server itself speaks plain HTTP. */
function isHttps({ headers }: IncomingMessage): boolean {
  return headers['x-forwarded-proto'] === 'https' || headers.origin?.startsWith('https://') === true;
}

/** Empty if there is none. Read without hono, which is loaded only if a page is served. */
function cookieOf({ headers }: IncomingMessage): string {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1) ?? '';
}
