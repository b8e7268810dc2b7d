import type { ChatProvider } from '../ports/provider.ts';
import { ProviderError } from '../ports/provider-errors.ts';

/**
 * Combines two clients of one server that stands in for OpenRouter. A proxy of OpenRouter wants all of its fields; a plain
 * OpenAI server may reject unknown ones. Requests go out in full, and plainly after a refusal. Once a plain request succeeds,
 * all later ones are plain.
 */
export function withPlainFallback(full: ChatProvider, plain: ChatProvider): ChatProvider {
  let current = full;

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
          const isRefused = error instanceof ProviderError && error.code === 'bad_request';
          if (isTaken || !isRefused) throw error;
        }
      }
      for await (const event of plain.stream(request, signal)) {
        current = plain;
        yield event;
      }
    },
    models: (signal) => current.models(signal),
    generationCost: (generationId, apiKey, signal) => current.generationCost(generationId, apiKey, signal),
    checkKey: (apiKey, signal) => current.checkKey(apiKey, signal),
  };
}
