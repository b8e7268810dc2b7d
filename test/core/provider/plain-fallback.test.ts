import { expect, it } from 'vitest';
import type { ChatProvider, ChatRequest } from '../../../src/core/ports/provider.ts';
import { ProviderError } from '../../../src/core/ports/provider-errors.ts';
import { withPlainFallback } from '../../../src/core/provider/plain-fallback.ts';
import { factsOf } from '../../support/models.ts';
import { eventsOf, textOf } from '../../support/provider/test-client.ts';

const REQUEST = {} as ChatRequest;
const never = new AbortController().signal;

/** Answers with a word, and with an error before or after it. */
function client(
  text: string,
  refusal: 'none' | 'before' | 'after' = 'none',
  error: unknown = new ProviderError({ code: 'bad_request', provider: 'A server', status: 400 }),
) {
  let asked = 0;
  const stream: ChatProvider['stream'] = async (_, take) => {
    asked++;
    if (refusal === 'before') throw error;
    await take({ type: 'text', delta: text });
    if (refusal === 'after') throw error;
  };
  const provider: ChatProvider = {
    id: text,
    looksUpCosts: text === 'full',
    stream,
    models: async () => [factsOf(text)],
    generationCost: async (id, key) => Number(`${id}${key}${text.length}`),
    checkKey: async (key) => key === text,
  };
  return { provider, asked: () => asked };
}

it('asks plainly after a refusal, and from then on at once', async () => {
  const [full, plain] = [client('full', 'before'), client('plain')];
  const provider = withPlainFallback(full.provider, plain.provider);
  for (let turn = 0; turn < 2; turn++) {
    expect(textOf(await Array.fromAsync(eventsOf(provider, REQUEST, never)))).toBe('plain');
  }
  expect([full.asked(), plain.asked()]).toEqual([1, 2]);
});

it('asks no second time once something of the answer is there', async () => {
  const [full, plain] = [client('full', 'after'), client('plain')];
  const provider = withPlainFallback(full.provider, plain.provider);
  await expect(provider.stream(REQUEST, () => {}, never)).rejects.toThrow(ProviderError);
  expect(plain.asked()).toBe(0);
});

it.each([
  ['another failure', new ProviderError({ code: 'rate_limited', provider: 'A server', status: 429 })],
  ['a fault of its own', new TypeError('no function')],
])('asks no second time after %s', async (_, error) => {
  const [full, plain] = [client('full', 'before', error), client('plain')];
  const provider = withPlainFallback(full.provider, plain.provider);
  await expect(provider.stream(REQUEST, () => {}, never)).rejects.toBe(error);
  expect([full.asked(), plain.asked()]).toEqual([1, 0]);
});

it('passes on everything else, to the client that answers', async () => {
  const provider = withPlainFallback(client('full', 'before').provider, client('plain').provider);
  const rest = async () => [
    provider.id,
    provider.looksUpCosts,
    (await provider.models(never))[0]?.id,
    await provider.generationCost('1', '2', never),
    await provider.checkKey('full', never),
  ];
  expect(await rest()).toEqual(['full', true, 'full', 124, true]);
  await provider.stream(REQUEST, () => {}, never);
  expect(await rest()).toEqual(['full', false, 'plain', 125, false]);
});

it.each(['none', 'before'] as const)('waits for who takes an event (refusal: %s)', async (refusal) => {
  const provider = withPlainFallback(client('full', refusal).provider, client('plain').provider);
  const fault = new Error('the reader is gone');
  await expect(provider.stream(REQUEST, () => Promise.reject(fault), never)).rejects.toBe(fault);
});
