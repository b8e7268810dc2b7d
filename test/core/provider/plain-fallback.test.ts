import { expect, it } from 'vitest';
import type { ChatProvider, ChatRequest } from '../../../src/core/ports/provider.ts';
import { ProviderError } from '../../../src/core/ports/provider-errors.ts';
import { withPlainFallback } from '../../../src/core/provider/plain-fallback.ts';
import { eventsOf, textOf } from '../../support/provider/test-client.ts';

const REQUEST = {} as ChatRequest;
const never = new AbortController().signal;

/** Answers with a word, and with a refusal before or after it. */
function client(text: string, refusal: 'none' | 'before' | 'after' = 'none') {
  let asked = 0;
  const stream: ChatProvider['stream'] = async (_, take) => {
    asked++;
    const error = new ProviderError({ code: 'bad_request', provider: 'A server', status: 400 });
    if (refusal === 'before') throw error;
    await take({ type: 'text', delta: text });
    if (refusal === 'after') throw error;
  };
  const provider = { id: text, stream } as Partial<ChatProvider> as ChatProvider;
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
