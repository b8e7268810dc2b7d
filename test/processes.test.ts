import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { systemClock } from '../src/core/kit/time/clock.ts';
import { createUsageLog } from '../src/core/ledger/usage.ts';
import type { LiveMessage, Surface } from '../src/core/ports/surface.ts';
import { openStore } from '../src/store/open-store.ts';
import {
  type Delivery,
  type FromWorker,
  MAX_CHARS,
  type PlatformAnswer,
  type PlatformCall,
  type ToWorker,
} from './support/bot-worker.ts';
import { collect } from './support/collect.ts';
import type { MemorySurface } from './support/memory-surface.ts';
import { DONE, finishChunk, textChunk, usageChunk } from './support/provider/chunks.ts';
import { createFakeProvider } from './support/provider/fake-provider.ts';
import { describeWithRedis, startRedis, type TestRedis } from './support/redis.ts';
import { testSurface } from './support/test-bot.ts';

const WORKER = new URL('./support/bot-worker.ts', import.meta.url).pathname;
const QUESTIONS = 80;
const KILLS = 10;
const WORDS = 40;
const SEED = 20_260_723;

describeWithRedis('two processes on one Redis', () => {
  let redis: TestRedis;

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis?.stop());

  it('answer every question once or mark it as interrupted, whichever of them is killed, and whenever', {
    timeout: 600_000,
  }, async () => {
    const random = createRandom(SEED);
    const provider = await createFakeProvider();
    for (let index = 0; index < QUESTIONS; index++) {
      provider.script(async (response, { body }) => {
        const name = body.messages.at(-1).content.split('\n')[0];
        response.writeHead(200, { 'content-type': 'text/event-stream', 'x-generation-id': `gen-${name}` });
        for (let word = 0; word < WORDS; word++) {
          response.write(textChunk(`${name}w${word} `));
          await delay(20);
        }
        response.end(
          finishChunk() + usageChunk({ prompt_tokens: 5, completion_tokens: 5, cost: 0.001 }) + DONE,
        );
      });
    }
    const platform = createPlatform();
    const begin = () => startWorker(redis.url, provider.url, platform);
    let workers = await Promise.all([begin(), begin()]);

    for (let index = 0; index < QUESTIONS; index++) {
      // On some platforms messages keep marks.
      const delivery = platform.ask(`q${index}`, index % 2 === 1);
      // As platforms do when they are in doubt, both get it.
      for (const worker of workers) worker.deliver(delivery);
      await delay(40 + random() * 80);
      if (index % (QUESTIONS / KILLS) === QUESTIONS / KILLS - 2) {
        const [victim, other] = random() < 0.5 ? workers : workers.toReversed();
        if (!victim || !other) throw new Error('there are two');
        await victim.kill();
        workers = [other, await begin()];
      }
    }

    const unfinished = () =>
      [...platform.surfaces].filter(([, { shown, privateTexts }]) =>
        shown === null
          ? privateTexts.length === 0
          : shown.status === 'streaming' || shown.status === 'sealed',
      );
    await vi.waitFor(() => expect(unfinished().map(([name]) => name)).toEqual([]), {
      timeout: 240_000,
      interval: 200,
    });
    const store = await openStore(redis.url, { clock: systemClock, log: pino({ level: 'silent' }) });
    for (const worker of workers) await worker.kill();

    const outcomes = new Map<string, number>();
    for (const [name, { shown, text, privateTexts, violations, messages }] of platform.surfaces) {
      const words = text.match(/\S+/g) ?? [];
      expect(words, name).toEqual(Array.from({ length: words.length }, (_, word) => `${name}w${word}`));
      const buttons = messages.flatMap(({ views }) => views.at(-1)?.view.buttons ?? []);
      if (shown === null) expect(privateTexts, name).toHaveLength(1);
      else
        expect(
          buttons.map(({ kind }) => kind),
          name,
        ).toEqual(shown.status === 'complete' ? ['retry', 'good', 'bad'] : ['retry']);
      if (shown?.status === 'complete') expect(words, name).toHaveLength(WORDS);
      expect(violations, name).toEqual([]);
      const outcome = shown?.status ?? 'told';
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    expect(
      [...outcomes.keys()].every((outcome) => ['complete', 'interrupted', 'told'].includes(outcome)),
    ).toBe(true);
    expect(outcomes.get('complete')).toBeGreaterThan(0);
    expect(outcomes.get('interrupted')).toBeGreaterThan(0);

    // Every request that went out is booked, or still reserved.
    const booked = await collect(createUsageLog(store.records).query({}));
    const reserved = await store.ledger.abandoned(Date.now() + 3_600_000);
    const ids = [...booked, ...reserved].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThanOrEqual(provider.chats.length);
    const questions = provider.chats.map(({ body }) => body.messages.at(-1).content);
    expect(new Set(questions).size).toBe(questions.length);
    await store.close();
    await provider.close();
  });
});

/** A platform that outlives the bots on it. */
function createPlatform() {
  const surfaces = new Map<string, MemorySurface>();
  /** By name: each surface, and each that was reopened. */
  const places = new Map<string, { readonly base: MemorySurface; readonly surface: Surface }>();
  const live = new Map<string, LiveMessage>();
  const never = new AbortController().signal;

  function place(name: string) {
    const found = places.get(name);
    if (!found) throw new Error(`there is no place ${name}`);
    return found;
  }

  function answer(name: string | null, base: MemorySurface, message: LiveMessage | null): PlatformAnswer {
    if (message !== null) live.set(`${name} ${message.key}`, message);
    const { reference = '', keepsMarks = false } = base;
    return { key: message?.key ?? null, text: '', isEnded: false, surface: name, reference, keepsMarks };
  }

  return {
    surfaces,
    ask(name: string, keepsMarks: boolean): Delivery {
      const surface = testSurface({ reference: name, limits: { maxChars: MAX_CHARS }, keepsMarks });
      surfaces.set(name, surface);
      places.set(name, { base: surface, surface });
      const { reference = '' } = surface;
      const place = { key: `thread ${name}` };
      return { id: `event ${name}`, text: name, place, surface: name, reference, keepsMarks };
    },
    async handle(call: PlatformCall): Promise<PlatformAnswer> {
      switch (call.do) {
        case 'open': {
          const { base, surface } = place(call.surface);
          return answer(call.surface, base, await surface.openMessage(call.view, never));
        }
        case 'update':
          await live.get(`${call.surface} ${call.message}`)?.update(call.view, never);
          return answer(call.surface, place(call.surface).base, null);
        case 'tellPrivately':
          await place(call.surface).surface.tellPrivately({ text: call.text }, never);
          return answer(call.surface, place(call.surface).base, null);
        case 'reopen': {
          const [name = '', known] = call.reference.split('#');
          const { base } = place(name);
          const { surface, message, sealed } = base.reopen(Number(known), call.answerId);
          const again = `${name}/${places.size}`;
          places.set(again, { base, surface });
          const found = {
            ...answer(again, base, message?.live ?? null),
            ...(sealed !== undefined && { sealed }),
          };
          return message === null ? found : { ...found, text: message.text, isEnded: message.isEnded };
        }
      }
    },
  };
}

async function startWorker(
  redisUrl: string,
  providerUrl: string,
  platform: ReturnType<typeof createPlatform>,
) {
  const child: ChildProcess = fork(WORKER, [redisUrl, providerUrl]);
  const exited = once(child, 'exit');
  const send = (message: ToWorker) => {
    if (child.connected) child.send(message, () => {}); // It may be dead by then.
  };
  await new Promise<void>((resolve, reject) => {
    child.on('message', (message: FromWorker) => {
      if (message.type === 'ready') return resolve();
      const { serial, call } = message;
      platform
        .handle(call)
        .then((answer) => send({ type: 'answer', serial, answer }))
        .catch(reject);
    });
    child.once('exit', () => reject(new Error('the worker ended by itself')));
  });
  return {
    deliver: (delivery: Delivery) => send({ type: 'deliver', delivery }),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
