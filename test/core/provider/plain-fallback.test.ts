import { expect, it } from 'vitest';
import type { ChatEvent, ChatProvider, ChatRequest } from '../../../src/core/ports/provider.ts';
import { ProviderError } from '../../../src/core/ports/provider-errors.ts';
import { withPlainFallback } from '../../../src/core/provider/plain-fallback.ts';
import { collect } from '../../support/collect.ts';

const REQUEST = {} as ChatRequest;
const never = new AbortController().signal;

/** Answers with a word, and with a refusal before or after it. */
function client(text: string, refusal: 'none' | 'before' | 'after' = 'none') {
  let asked = 0;
  const stream = async function* (): AsyncGenerator<ChatEvent, void, void> {
    asked++;
    const error = new ProviderError({ code: 'bad_request', provider: 'A server', status: 400 });
    if (refusal === 'before') throw error;
    yield { type: 'text', delta: text };
    if (refusal === 'after') throw error;
  };
  const provider = { id: text, stream } as Partial<ChatProvider> as ChatProvider;
  return { provider, asked: () => asked };
}
const textOf = (events: readonly ChatEvent[]) =>
  events.map((event) => (event.type === 'text' ? event.delta : '')).join('');

it('asks plainly after a refusal, and from then on at once', async () => {
  const [full, plain] = [client('full', 'before'), client('plain')];
  const provider = withPlainFallback(full.provider, plain.provider);
  for (let turn = 0; turn < 2; turn++) {
    expect(textOf(await collect(provider.stream(REQUEST, never)))).toBe('plain');
  }
  expect([full.asked(), plain.asked()]).toEqual([1, 2]);
});

it('asks no second time once something of the answer is there', async () => {
  const [full, plain] = [client('full', 'after'), client('plain')];
  const { stream } = withPlainFallback(full.provider, plain.provider);
  await expect(collect(stream(REQUEST, never))).rejects.toThrow(ProviderError);
  expect(plain.asked()).toBe(0);
});
