import { type IncomingMessage, request } from 'node:http';
import { createParser } from 'eventsource-parser';
import { Keyv, type KeyvStoreAdapter } from 'keyv';
import { pino } from 'pino';
import { createWebAdapter } from '../../../src/adapters/web/adapter.ts';
import type { PlaygroundHost } from '../../../src/adapters/web/server/host.ts';
import type { AnswerMessage, Changes, Item, Message } from '../../../src/adapters/web/wire.ts';
import { createHttpServer } from '../../../src/app/http/http-server.ts';
import { commands } from '../../../src/commands/index.ts';
import type { CollectionStore } from '../../../src/core/coordination/collection.ts';
import { type Clock, systemClock } from '../../../src/core/kit/time/clock.ts';
import { partsOfKey } from '../../../src/core/ports/store.ts';
import type { Tier } from '../../../src/core/ports/tiers.ts';
import { createLogin } from '../../../src/http/login.ts';
import { createScriptedDispatch, type Script, type ScriptedDispatch } from './scripted-dispatch.ts';

/** The adapter on a server of its own, with a scripted core behind it. */
export interface Playground {
  readonly url: URL;
  readonly dispatch: ScriptedDispatch;
  readonly host: PlaygroundHost & { readonly tier: Tier };
  send(method: string, path: string, options?: SendOptions): Promise<Answer>;
  /** Posts to the page's API. */
  post(path: string, body: object): Promise<Answer>;
  /** As core fetches a file that somebody brought. */
  readFile(reference: string): Promise<Uint8Array | undefined>;
  tellAdmins(text: string): Promise<boolean | undefined>;
  /** Follows the room as one person, from after an event where that is given. */
  follow(as: string, lastEventId?: string, headers?: SendOptions['headers']): Promise<Reader>;
  /** As if the process had ended: open streams are cut. */
  close(): Promise<void>;
}

export interface PlaygroundOptions extends Script {
  /** The store, which outlives the playground; a fresh one by default. */
  readonly values?: Map<string, unknown>;
  readonly clock?: Clock;
  readonly adminToken?: string;
}

interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  json(): unknown;
}

/** One page's view of the room. */
export interface Reader {
  readonly events: readonly { readonly id: string; readonly changes: Changes }[];
  /** The items that the page shows, by key. */
  readonly items: ReadonlyMap<string, Item>;
  readonly messages: readonly Message[];
  readonly answers: readonly AnswerMessage[];
  /** Resolves as soon as what the page shows fulfils it; rejects when the stream ends before. */
  until(isFulfilled: (reader: Reader) => boolean): Promise<void>;
  close(): void;
}

/** The playground's part of the store, as one process opens it; `held` has its values by key. */
export function openStore(held: Map<string, unknown>): CollectionStore {
  const files = new Map<string, unknown>();
  const mapOf = (namespace: string) => (namespace === 'playground' ? held : files);
  const read = (joined: string) => {
    const [namespace, key] = partsOfKey(joined);
    const map = mapOf(namespace);
    return map.has(key) ? JSON.stringify({ value: map.get(key) }) : undefined;
  };
  const adapter: KeyvStoreAdapter = {
    opts: {},
    on: () => adapter,
    get: async (joined) => read(joined) as never,
    getMany: async (keys) => keys.map(read) as never,
    set: () => Promise.reject(new Error('core writes by changes')),
    delete: () => Promise.reject(new Error('core writes by changes')),
    clear: async () => {},
  };
  return {
    values: new Keyv({ store: adapter, useKeyPrefix: false, throwOnErrors: true }),
    async write(changes) {
      for (const change of changes) {
        if (change.kind !== 'set' && change.kind !== 'delete') throw new Error('the playground does neither');
        const [namespace, key] = partsOfKey(change.key);
        if (change.kind === 'set') mapOf(namespace).set(key, change.value);
        else mapOf(namespace).delete(key);
      }
      return changes.map(() => true);
    },
    async *keys(namespace, prefix) {
      for (const key of mapOf(namespace).keys()) if (key.startsWith(prefix)) yield key;
    },
  };
}

export async function startPlayground(options: PlaygroundOptions = {}): Promise<Playground> {
  const { values = new Map(), clock = systemClock, adminToken } = options;
  const log = pino({ level: 'silent' });
  const dispatch = createScriptedDispatch(options);
  const host = scriptedHost();
  const adapter = createWebAdapter({
    host,
    store: openStore(values),
    clock,
    log,
    maxFileBytes: 1_000,
    retentionMs: 86_400_000,
    ...(adminToken === undefined ? {} : { login: createLogin(adminToken, clock, log) }),
  });
  const server = createHttpServer(adapter.routes, log);
  const url = new URL('/playground/', await server.listen('127.0.0.1', 0));
  await adapter.start(dispatch);
  const readers = new Set<Reader>();

  function send(method: string, path: string, { headers = {}, body }: SendOptions = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, url), { method, headers, agent: false }, async (response) => {
        const chunks: Buffer[] = await Array.fromAsync(response);
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: () => JSON.parse(text),
        });
      });
      sent.once('error', reject);
      sent.end(body);
    });
  }

  return {
    url,
    dispatch,
    host,
    send,
    post: (path, body) =>
      send('POST', `api/${path}`, {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    readFile: async (reference) => adapter.readFile?.(reference, 1_000, new AbortController().signal),
    tellAdmins: async (text) => adapter.tellAdmins?.('web:local', { text }, new AbortController().signal),
    async follow(as, lastEventId, headers) {
      const reader = await openReader(new URL(`api/events?as=${as}`, url), lastEventId, headers);
      readers.add(reader);
      return reader;
    },
    async close() {
      for (const reader of readers) reader.close();
      await adapter.stop();
      await server.close();
    },
  };
}

function scriptedHost(): PlaygroundHost & { readonly tier: Tier } {
  let tier: Tier = 'free';
  return {
    commands,
    get tier() {
      return tier;
    },
    status: async (place, actor) => ({
      provider: 'Demo',
      model: { id: `for/${place.channel}`, name: `For ${actor.name}` },
      tier,
      spentNanoUsd: 1_500_000,
      models: [],
      efforts: [],
      effort: null,
      demo: true,
    }),
    async setTier(next) {
      tier = next;
    },
  };
}

/** Follows a playground as its page does. */
export async function openReader(
  url: URL,
  lastEventId?: string,
  given: SendOptions['headers'] = {},
): Promise<Reader> {
  const events: { id: string; changes: Changes }[] = [];
  const items = new Map<string, Item>();
  const waiting = new Set<() => void>();
  let isOver = false;
  const wake = () => {
    for (const check of waiting) check();
  };

  const parser = createParser({
    onEvent({ id = '', data }) {
      const changes = JSON.parse(data) as Changes;
      events.push({ id, changes });
      if (changes.reset) items.clear();
      for (const [key, item] of changes.items) items.set(key, item);
      for (const key of changes.removed) items.delete(key);
      wake();
    },
  });
  const headers = { ...given, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) };
  const sent = request(url, { headers, agent: false });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve);
    sent.once('error', reject);
    sent.end();
  });
  if (response.statusCode !== 200) throw new Error(`the stream was refused with ${response.statusCode}`);
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => parser.feed(chunk));
  response.on('error', () => {});
  response.on('close', () => {
    isOver = true;
    wake();
  });

  const reader: Reader = {
    events,
    items,
    get messages() {
      return [...items.values()]
        .filter((item) => item.kind !== 'activity' && item.kind !== 'status')
        .sort((a, b) => a.order - b.order);
    },
    get answers() {
      return reader.messages.filter((message) => message.kind === 'answer');
    },
    until: (isFulfilled) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (isFulfilled(reader)) resolve();
          else if (isOver) reject(new Error('the stream ended before'));
          else return;
          waiting.delete(check);
        };
        waiting.add(check);
        check();
      }),
    close: () => sent.destroy(),
  };
  return reader;
}
