import type { Logger } from 'pino';
import { z } from 'zod';
import { asObject, asText } from '../../../core/kit/json.ts';
import type { Clock } from '../../../core/kit/time/clock.ts';
import { createCache, type Serves } from './cache.ts';
import { lookUpScope } from './limits.ts';
import type { Method } from './methods.ts';
import { nextCursor, withCursor } from './pages.ts';
import type { Json } from './web-api.ts';
import type { Workspace } from './workspace.ts';

/** The parts of a workspace's connection that look-ups take. */
export interface LookUpMeans {
  readonly workspace: Pick<Workspace, 'team' | 'botUser' | 'call' | 'enterIfFree'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** A kind of things that Slack tells one by one and in lists. */
export interface LookUpKind<T> {
  readonly schema: z.ZodType<T>;
  /** The method that tells one thing: takes its id as the argument `name`, and answers with it as the field `name`, … */
  readonly one: { readonly method: Method; readonly name: string };
  /** … and the method that lists many of them, in its answer's `field`. */
  readonly many: {
    readonly method: Method;
    readonly args: Json;
    readonly field: string;
    /** Reads the value from a listed item; null if the item has to be looked up alone. */
    readonly read: (listed: T) => T | null;
  };
}

/** How long a value is cached, from when Slack was asked: somebody who is no longer an admin keeps the role so long. */
const TTL_MS = 5 * 60_000;
/** Bounds calls and memory in large workspaces: `users.list` allows 20 calls a minute, and a page has up to 999 people. */
const MAX_PAGES = 15;
/** Once it was read as far as that, the list is left alone for so long. */
const REST_MS = 60_000;

/**
 * Looks up things of the workspace by their ids, one a call. When those calls are used up, one page of the list serves all
 * callers that wait. Pages are read once and remembered, because others on them may be wanted next.
 *
 * @returns a function, which throws as `Workspace.call`. It takes whether a cached value is good enough, by default any that has not
 * expired
 */
export function createLookUps<T extends object>(means: LookUpMeans, kind: LookUpKind<T>) {
  const { workspace, clock, log, signal } = means;
  const { schema, one, many } = kind;
  const known = createCache<T>(clock, TTL_MS, MAX_PAGES * 1_000);
  /** Ids that are wanted from the list. */
  const waiting = new Map<string, PromiseWithResolvers<T | null>>();
  let isReading = false;
  /** The beginning of the next page, and the number of items read before it. */
  let [cursor, pages] = ['', 0];
  let firstPageAtMs = 0;
  let restsUntilMs = 0;

  async function load(id: string): Promise<T> {
    const done = await workspace.enterIfFree(lookUpScope(workspace.team, one.method));
    if (done !== null) return loadAlone(id).finally(done);
    return (await findInList(id)) ?? loadAlone(id);
  }

  async function loadAlone(id: string): Promise<T> {
    const answer = await workspace.call(one.method, { [one.name]: id }, signal);
    return schema.parse(answer[one.name]);
  }

  async function findInList(id: string): Promise<T | null> {
    if (clock.now() < restsUntilMs) return null;
    const wanted = waiting.get(id) ?? Promise.withResolvers<T | null>();
    waiting.set(id, wanted);
    if (!isReading) void readList();
    return wanted.promise;
  }

  /** Reads on until nobody waits. Never rejects; whoever is not found by then gets null. */
  async function readList(): Promise<void> {
    isReading = true;
    if (clock.now() >= firstPageAtMs + TTL_MS) startOver();
    try {
      while (waiting.size > 0 && clock.now() >= restsUntilMs) await readPage();
    } catch (error) {
      rest();
      if (!signal.aborted) {
        log.warn({ err: error, method: many.method }, 'could not read a list; looking up each alone');
      }
    }
    isReading = false;
    for (const { resolve } of waiting.values()) resolve(null);
    waiting.clear();
  }

  async function readPage(): Promise<void> {
    const askedAtMs = clock.now();
    if (cursor === '') firstPageAtMs = askedAtMs;
    const page = await workspace.call(many.method, withCursor(many.args, cursor), signal);
    for (const raw of z.array(z.unknown()).parse(page[many.field])) take(raw, askedAtMs);
    cursor = nextCursor(page);
    if (cursor === '' || ++pages === MAX_PAGES) rest();
  }

  function startOver(): void {
    [cursor, pages] = ['', 0];
  }

  function rest(): void {
    startOver();
    restsUntilMs = clock.now() + REST_MS;
  }

  /** Others than the wanted ones are kept only in free room, because a large workspace has more than fit. */
  function take(raw: unknown, askedAtMs: number): void {
    const id = asText(asObject(raw)?.['id']);
    const listed = schema.safeParse(raw).data;
    const value = listed === undefined ? null : many.read(listed);
    if (id === null || value === null) return;
    const wanted = waiting.get(id);
    if (wanted !== undefined || known.hasRoomFor(id)) known.put(id, value, askedAtMs);
    wanted?.resolve(value);
    waiting.delete(id);
  }

  return (id: string, serves?: Serves<T>): Promise<T> => known.get(id, () => load(id), serves);
}
