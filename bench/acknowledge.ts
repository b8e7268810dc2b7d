import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createSlackAdapter } from '../src/adapters/slack/adapter.ts';
import { REQUIRED_SCOPES } from '../src/adapters/slack/api/scopes.ts';
import { createFetch } from '../src/app/http/http-client.ts';
import { createJournal } from '../src/core/coordination/journal.ts';
import { createWriteLimiters } from '../src/core/delivery/write-limiter.ts';
import { systemClock } from '../src/core/kit/time/clock.ts';
import { type Dispatch, NO_RULES } from '../src/core/ports/events.ts';
import { openStore } from '../src/store/open-store.ts';
import type { Row } from './support/row.ts';

const ASKS = 200;
const SECRET = 'bench-secret';

/** How long Slack waits for an acknowledgement over HTTP, with 200 asks at once: each is in a SQLite file by then. */
export async function measureAcknowledgement(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'));
  const log = pino({ level: 'silent' });
  const store = await openStore(`sqlite:${join(folder, 'parley.db')}`, { clock: systemClock, log });
  const journal = createJournal({ store, owner: 'bench', clock: systemClock, log });

  const slack = createServer((request, response) => {
    const identity = {
      ok: true,
      team_id: 'T1',
      user_id: 'U1',
      bot_id: 'B1',
      user: 'parley',
      url: 'https://x',
    };
    request.resume().on('end', () => {
      response.setHeader('x-oauth-scopes', REQUIRED_SCOPES.join(','));
      response.end(JSON.stringify({ ...identity }));
    });
  });
  await new Promise<void>((resolve) => slack.listen(0, '127.0.0.1', resolve));
  const nothing = async () => {};
  const dispatch: Dispatch = {
    async claim({ id, surface }) {
      return (await journal.claimEvent(id, 'slack', surface)) !== null;
    },
    dropClaim: nothing,
    command: nothing,
    message: nothing,
    press: nothing,
    retract: nothing,
    view: async () => null,
    stop: nothing,
    unlocked: () => {},
    deleteAnswer: nothing,
    wasAsked: async () => false,
    edited: nothing,
    purchases: nothing,
    hears: async () => false,
    channelRules: async () => NO_RULES,
    alive: nothing,
    away: async () => null,
    joined: async () => {},
    nameOperator: (text) => text,
    missed: nothing,
    refusalOfCommand: async () => null,
    refusalOfPress: async () => null,
    suggest: async () => [],
  };
  const adapter = createSlackAdapter({
    botToken: 'xoxb-bench',
    transport: { mode: 'http', signingSecret: SECRET },
    apiUrl: `http://127.0.0.1:${(slack.address() as AddressInfo).port}/api/`,
    commands: [],
    limiters: createWriteLimiters(systemClock),
    fetch: createFetch(),
    clock: systemClock,
    log,
  });
  const bot = createServer((request, response) => void adapter.routes[0]?.handle(request, response));
  await new Promise<void>((resolve) => bot.listen(0, '127.0.0.1', resolve));
  await adapter.start(dispatch);

  const url = `http://127.0.0.1:${(bot.address() as AddressInfo).port}/slack/events`;
  await Promise.all(Array.from({ length: ASKS }, (_, index) => acknowledged(url, `warm-${index}`)));
  const times = await Promise.all(
    Array.from({ length: ASKS }, (_, index) => acknowledged(url, `ask-${index}`)),
  );

  await adapter.stop();
  for (const server of [bot, slack]) {
    server.closeAllConnections();
    server.close();
  }
  await journal.stop();
  await store.close();
  rmSync(folder, { recursive: true });
  const p99 = times.toSorted((a, b) => a - b)[Math.ceil(ASKS * 0.99) - 1] ?? Number.NaN;
  return [
    { name: `acknowledgement, p99, ${ASKS} asks on Slack at once`, value: p99, unit: 'ms', wanted: 500 },
  ];
}

/** Sends one mention, signed as Slack does, and resolves to the milliseconds until it is acknowledged. */
async function acknowledged(url: string, name: string): Promise<number> {
  const ts = `${1_700_000_000 + Math.floor(Math.random() * 1e6)}.${name}`;
  const event = { type: 'app_mention', user: 'U2', channel: `C${name}`, ts, text: '<@U1> hi' };
  const body = JSON.stringify({ type: 'event_callback', team_id: 'T1', event_id: `Ev${name}`, event });
  const atSec = Math.floor(Date.now() / 1_000);
  const signature = `v0=${createHmac('sha256', SECRET).update(`v0:${atSec}:${body}`).digest('hex')}`;
  const sentAtMs = performance.now();
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-slack-request-timestamp': String(atSec),
      'x-slack-signature': signature,
    },
  });
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`answered with ${response.status}`);
  return performance.now() - sentAtMs;
}
