import { afterEach, describe, expect, it } from 'vitest';
import { findLocalServers, isOfLocalServer } from '../../../src/core/provider/local.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import {
  createFakeProvider,
  type FakeProvider,
  type FakeProviderOptions,
} from '../../support/provider/fake-provider.ts';
import { createLogRecorder, never } from '../../support/provider/test-client.ts';

const fakes: FakeProvider[] = [];
afterEach(async () => {
  await Promise.all(fakes.splice(0).map((fake) => fake.close()));
});

async function place(id: string, options: FakeProviderOptions) {
  const fake = await createFakeProvider({ dialect: 'compatible', ...options });
  fakes.push(fake);
  return { id, name: id, port: Number(new URL(fake.url).port) };
}

function find(places: Awaited<ReturnType<typeof place>>[], clock = createFakeClock()) {
  return findLocalServers({ fetch, clock, log: createLogRecorder().log, places }, never);
}

const model = (id: string) => ({ id, object: 'model', created: 0, owned_by: 'library' });

describe('findLocalServers', () => {
  it('finds each server that is there, and offers its models for nothing', async () => {
    const ollama = await place('ollama', {
      models: [model('llama3.2:3b'), model('nomic-embed-text:latest')],
    });
    const llamacpp = await place('llamacpp', { models: [model('qwen3-8b.gguf')] });
    const found = await find([ollama, llamacpp]);
    expect(found.map(({ definition, models }) => [definition.id, models.map(({ id }) => id)])).toEqual([
      ['ollama', ['llama3.2:3b']],
      ['llamacpp', ['qwen3-8b.gguf']],
    ]);
    expect(found[0]?.definition).toMatchObject({
      baseUrl: `http://127.0.0.1:${ollama.port}/v1`,
      keyless: true,
      free: true,
    });
    expect(found[0]?.models[0]?.prices).toMatchObject({ promptPicoUsd: 0, completionPicoUsd: 0 });
  });

  it('looks for Ollama and llama.cpp at their usual ports', async () => {
    const models = { object: 'list', data: [model('m')] };
    const asked: string[] = [];
    const search = {
      fetch: async (url: string) => {
        asked.push(url);
        return new Response(JSON.stringify(models));
      },
      clock: createFakeClock(),
      log: createLogRecorder().log,
    };
    const found = await findLocalServers(search, never);
    expect(asked).toEqual(['http://127.0.0.1:11434/v1/models', 'http://127.0.0.1:8080/v1/models']);
    expect(
      found.map(({ definition }) => [definition.id, definition.name, definition.features.effortField]),
    ).toEqual([
      ['ollama', 'Ollama', 'reasoning_effort'],
      ['llamacpp', 'llama.cpp', null],
    ]);
    expect(['ollama/m', 'llamacpp/m', 'ollama', 'openai/ollama'].map(isOfLocalServer)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    models.object = 'films';
    expect(await findLocalServers(search, never)).toEqual([]);
  });

  it('sends no key', async () => {
    await find([await place('ollama', { models: [model('m')] })]);
    expect(fakes[0]?.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it.each([
    ['lists no models', { models: [] }],
    ['lists something else', { models: [{ id: 1, title: 'a film' }] }],
    ['lists entries that are no models', { models: [{ id: 'a', object: 'film' }] }],
    ['wants a key', { models: [model('m')], keys: ['sk-test'] }],
  ])('takes a server for another one that %s', async (_, options) => {
    expect(await find([await place('ollama', options)])).toEqual([]);
  });

  it('finds nothing where nothing listens', async () => {
    const gone = await place('ollama', {});
    await fakes.pop()?.close();
    expect(await find([gone])).toEqual([]);
  });

  function findHanging(signal: AbortSignal) {
    const clock = createFakeClock();
    const fetch: typeof globalThis.fetch = (_, init) =>
      new Promise((_, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      });
    const places = [{ id: 'ollama', name: 'Ollama', port: 1 }];
    const finding = findLocalServers({ fetch, clock, log: createLogRecorder().log, places }, signal);
    return { clock, finding };
  }

  it('gives up on a server that does not answer within 300 ms', async () => {
    const { clock, finding } = findHanging(never);
    await clock.advance(299);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect(await finding).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('finds nothing if the search is ended before, as by a start on a machine that is busy', async () => {
    const search = new AbortController();
    const { clock, finding } = findHanging(search.signal);
    await clock.advance(1);
    search.abort(new Error('the search took too long'));
    expect(await finding).toEqual([]);
  });
});
