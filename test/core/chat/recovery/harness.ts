import { randomUUID } from 'node:crypto';
import { afterEach, expect, vi } from 'vitest';
import type { Adapter } from '../../../../src/core/ports/adapter.ts';
import type { Scope } from '../../../../src/core/ports/scope.ts';
import type { Store } from '../../../../src/core/ports/store.ts';
import { openStore } from '../../../../src/store/open-store.ts';
import { createFakeClock, type FakeClock } from '../../../support/fake-clock.ts';
import type { MemorySurface } from '../../../support/memory-surface.ts';
import type { Life } from '../../../support/mortal.ts';
import { createFakeProvider } from '../../../support/provider/fake-provider.ts';
import { createLogRecorder } from '../../../support/provider/test-client.ts';
import { createTestBot, type TestBot, testActor, testSurface } from '../../../support/test-bot.ts';

const closing: (() => Promise<unknown>)[] = [];

/** Ends all that a world was made of. The harness does so after each test. */
export async function closeWorlds(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}

afterEach(closeWorlds);

/** How a platform lets another process find what was posted: as Discord for some minutes, as Discord later, and as Slack. */
const PLATFORMS = {
  'knows sends': {},
  'forgets sends': { forgetsSends: true },
  'keeps marks': { forgetsSends: true, keepsMarks: true },
} as const;
export const KINDS = Object.keys(PLATFORMS) as (keyof typeof PLATFORMS)[];

/** One store, one platform and one provider, and the processes that come and go on them. */
export async function createWorld(platformKind: keyof typeof PLATFORMS = 'knows sends') {
  const clock = createFakeClock();
  const opened = await openStore('memory:', { clock, log: createLogRecorder().log });
  closing.push(() => opened.close());
  const openClaims = new Set<string>();
  let journal: unknown = null;
  const store = watched(opened, openClaims, (written) => {
    journal = written;
  });
  const provider = await createFakeProvider();
  closing.push(() => provider.close());
  const surfaces = new Map<string, MemorySurface>();
  let faults = 0;
  let fault = new Error('the platform is away');
  let isUnread = false;

  const platform: Pick<Adapter, 'platform' | 'reopen'> = {
    platform: 'discord',
    async reopen({ reference, answerId }) {
      if (faults > 0 && faults-- > 0) throw fault;
      const [name = '', known] = reference.split('#');
      const found = surfaces.get(name)?.reopen(Number(known), answerId) ?? null;
      return found && isUnread ? { surface: found.surface, message: null, isUnread } : found;
    },
  };

  return {
    clock,
    store,
    provider,
    openClaims,
    /** The journal as it was written last. */
    journal: () => JSON.stringify(journal),
    /** Moves time until nothing is under way or left behind. */
    settled: () => eventually(clock, () => expect([...openClaims]).toEqual([]), 5_000),
    failReopening(times: number, by = fault): void {
      faults = times;
      fault = by;
    },
    /** From now on nobody may read what stands anywhere. */
    forbidReading(): void {
      isUnread = true;
    },
    /** A place with short messages, whose updates are as slow as the scopes say. */
    surface(reference: string, scopes: Partial<Record<'scope' | 'openScope', Scope>> = {}): MemorySurface {
      const surface = testSurface({
        reference,
        limits: { maxChars: 120 },
        clock,
        ...PLATFORMS[platformKind],
        ...scopes,
      });
      surfaces.set(reference, surface);
      return surface;
    },
    async bot(life?: Life): Promise<TestBot> {
      const bot = await createTestBot({
        store: life?.store(store) ?? store,
        provider,
        clock,
        platform: life?.platform(platform) ?? platform,
      });
      closing.push(() => bot.close());
      return bot;
    },
  };
}

/** Moves time until it is so. */
export async function eventually(
  clock: FakeClock,
  check: () => Promise<void> | void,
  stepMs = 1_000,
): Promise<void> {
  await vi.waitFor(
    async () => {
      await clock.advance(stepMs);
      await check();
    },
    { timeout: 60_000, interval: 1 },
  );
}

/** Keeps the ids of claims that are not finished. */
function watched(store: Store, open: Set<string>, onWrite: (journal: unknown) => void): Store {
  return {
    ...store,
    async write(changes) {
      const made = await store.write(changes);
      for (const [index, change] of changes.entries()) {
        if (!made[index]) continue;
        if (change.kind === 'journal') onWrite(change.journal);
        if (change.kind === 'finish') open.delete(change.claim.id);
      }
      return made;
    },
    claims: {
      ...store.claims,
      async claim(...args) {
        const claim = await store.claims.claim(...args);
        if (claim !== null) open.add(claim.id);
        return claim;
      },
    },
  };
}

export const words = (length: number) => Array.from({ length }, (_, index) => `word${index}`).join(' ');
export const ANSWER = words(60);
export const wordsOf = (text: string) => text.match(/word\d+/g) ?? [];
export const buttonsOf = ({ messages }: MemorySurface) =>
  messages.flatMap(({ views }) => views.at(-1)?.view.buttons ?? []);
export const keysOf = ({ messages }: MemorySurface) => messages.map(({ key }) => key);

/** Has the asker delete the answer; resolves to the messages that went. */
export async function deleted(bot: TestBot, surface: MemorySurface): Promise<string[]> {
  const removed: string[] = [];
  const actor = testActor('mia');
  await bot.dispatch.deleteAnswer({
    id: randomUUID(),
    actor,
    place: { guild: actor.guild, channel: 'c1', key: 'thread' },
    surface: testSurface({ isPrivate: true }),
    message: surface.messages.at(-1)?.key ?? '',
    isOwn: true,
    remove: async (keys) => void removed.push(...keys),
  });
  return removed;
}
