import type { ChatProvider } from '../ports/provider.ts';
import { ProviderError } from '../ports/provider-errors.ts';

/**
 * For a server that stands in OpenRouter's place: a proxy of it wants all of its fields, and a plain OpenAI server may refuse
 * a request for one that it does not know. It is asked in full, after a refusal plainly, and only plainly from the first plain
 * request on that it takes. Both clients lead to the same server.
 */
export function withPlainFallback(full: ChatProvider, plain: ChatProvider): ChatProvider {
  let current = full;

  /** Whether the plain request may still save the day. */
  function isRefusal(error: unknown): boolean {
    return current === full && error instanceof ProviderError && error.code === 'bad_request';
  }

  return {
    id: full.id,
    get looksUpCosts() {
      return current.looksUpCosts;
    },
    async *stream(request, signal) {
      if (current === full) {
        let isTaken = false;
        try {
          for await (const event of full.stream(request, signal)) {
            isTaken = true;
            yield event;
          }
          return;
        } catch (error) {
          if (isTaken || !isRefusal(error)) throw error;
        }
      }
      for await (const event of plain.stream(request, signal)) {
        current = plain;
        yield event;
      }
    },
    async complete(request, signal) {
      try {
        return await current.complete(request, signal);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        const completion = await plain.complete(request, signal);
        current = plain;
        return completion;
      }
    },
    models: (signal) => current.models(signal),
    generationCost: (generationId, apiKey, signal) => current.generationCost(generationId, apiKey, signal),
    checkKey: (apiKey, signal) => current.checkKey(apiKey, signal),
  };
}
