import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Adapter } from '../../src/core/adapter.ts';
import type { Store } from '../../src/core/store.ts';
import { openStore } from '../../src/store/open-store.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import type { MemorySurface } from '../support/memory-surface.ts';
import { createLife, type Life } from '../support/mortal.ts';
import { createFakeProvider } from '../support/provider/fake-provider.ts';
import { createLogRecorder } from '../support/provider/test-client.ts';
import { createTestBot, messageOf, type TestBot, testSurface } from '../support/test-bot.ts';

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** One store, one platform and one provider, and the processes that come and go on them. */
async function createWorld() {
  const clock = createFakeClock();
  const store = await openStore('memory:', { clock, log: createLogRecorder().log });
  closing.push(() => store.close());
  const provider = await createFakeProvider();
  closing.push(() => provider.close());
  const surfaces = new Map<string, MemorySurface>();

  const platform: Pick<Adapter, 'platform' | 'reopen'> = {
    platform: 'discord',
    async reopen({ reference, answerId }) {
      const [name = '', known] = reference.split('#');
      return surfaces.get(name)?.reopen(Number(known), answerId) ?? null;
    },
  };

  return {
    clock,
    store,
    provider,
    /** A place with short messages. */
    surface(reference: string): MemorySurface {
      const surface = testSurface({ reference, limits: { maxChars: 120 }, clock });
      surfaces.set(reference, surface);
      return surface;
    },
    async bot(life?: Life): Promise<TestBot> {
      const bot = await createTestBot({
        store: life?.store(store) ?? store,
        provider,
        clock,
        // Who is to die finishes nothing but its own.
        ...(life === undefined ? { platform } : {}),
      });
      closing.push(() => bot.close());
      return bot;
    },
  };
}

/** Moves time until it is so. */
async function eventually(clock: FakeClock, check: () => Promise<void> | void): Promise<void> {
  await vi.waitFor(
    async () => {
      await clock.advance(1_000);
      await check();
    },
    { timeout: 20_000, interval: 5 },
  );
}

const openClaims = async (store: Store, clock: FakeClock) =>
  (await store.claims.takeOver('nobody', clock.now() + 60_000, clock.now())) !== null;

const ANSWER = Array.from({ length: 60 }, (_, index) => `word${index}`).join(' ');
const wordsOf = (text: string) => text.match(/word\d+/g) ?? [];
const buttonsOf = ({ messages }: MemorySurface) =>
  messages.flatMap(({ views }) => views.at(-1)?.view.buttons ?? []);

describe.each(['before', 'after'] as const)('a process that dies %s a step of an answer', (when) => {
  it('leaves one answer or one that is marked as interrupted, at whatever step it dies', {
    timeout: 300_000,
  }, async () => {
    const outcomes: string[] = [];
    for (let at = 1; ; at++) {
      const world = await createWorld();
      const life = createLife(at, when);
      const surface = world.surface('place');
      const place = { key: 'thread' };
      world.provider.answer(ANSWER.split(/(?<= )/));
      const dying = await world.bot(life);
      const question = messageOf('Tell me', { surface, place, id: 'event' });
      await dying.dispatch.message({ ...question, surface: life.surface(surface) });
      const seen = wordsOf(surface.text).length;
      if (!life.isOver) break;

      const heir = await world.bot();
      await eventually(world.clock, async () =>
        expect(await openClaims(world.store, world.clock)).toBe(false),
      );
      world.provider.answer(ANSWER.split(/(?<= )/));
      await heir.dispatch.message(question);

      const about = `dead ${when} step ${at}`;
      const shown = wordsOf(surface.text);
      expect(shown, about).toEqual(wordsOf(ANSWER).slice(0, shown.length));
      expect(shown.length, about).toBeGreaterThanOrEqual(seen);
      expect(surface.violations, about).toEqual([]);
      expect(
        buttonsOf(surface).map(({ kind }) => kind),
        about,
      ).not.toContain('stop');
      const { status = 'none' } = surface.shown ?? {};
      outcomes.push(status);
      if (status === 'none')
        expect(
          surface.whispers.map(({ text }) => text),
          about,
        ).toHaveLength(1);
      else {
        expect(surface.whispers, about).toEqual([]);
        expect(
          buttonsOf(surface).filter(({ kind }) => kind === 'retry'),
          about,
        ).toHaveLength(1);
        expect(['complete', 'interrupted'], about).toContain(status);
      }
      if (status === 'complete') expect(shown, about).toHaveLength(60);
      expect(world.provider.chats.length, about).toBeLessThanOrEqual(1);
      const turns = (await heir.services.chat.conversationAt({ guild: 'discord:1', channel: 'c1', ...place }))
        ?.turns;
      expect(turns?.length ?? 0, about).toBeLessThanOrEqual(1);
      const kept = wordsOf(turns?.[0]?.answer ?? '');
      expect(kept, about).toEqual(wordsOf(ANSWER).slice(0, kept.length));
      if (status === 'complete') expect(kept, about).toHaveLength(60);
      for (const close of closing.splice(0).reverse()) await close();
    }
    expect(new Set(outcomes)).toEqual(new Set(['none', 'interrupted', 'complete']));
  });
});
