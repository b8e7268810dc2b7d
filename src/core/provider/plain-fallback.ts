import type { ChatProvider, TakeEvent } from '../ports/provider.ts';
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
    async stream(request, take, signal) {
      if (current === full) {
        let isTaken = false;
        const taking: TakeEvent = (event) => {
          isTaken = true;
          return take(event);
        };
        try {
          return await full.stream(request, taking, signal);
        } catch (error) {
          const isRefused = error instanceof ProviderError && error.code === 'bad_request';
          if (isTaken || !isRefused) throw error;
        }
      }
      const noting: TakeEvent = (event) => {
        current = plain;
        return take(event);
      };
      return plain.stream(request, noting, signal);
    },
    models: (signal) => current.models(signal),
    generationCost: (generationId, apiKey, signal) => current.generationCost(generationId, apiKey, signal),
    checkKey: (apiKey, signal) => current.checkKey(apiKey, signal),
  };
}
