import type { FirmPrices } from '../catalogue/dearest-prices.ts';
import type { Offer } from '../ports/model.ts';
import { type ChatMessage, countImages, textOfMessage } from '../ports/provider.ts';
import { mostImageTokens } from '../tokens/image-tokens.ts';
import { mostTokensOfAny } from '../tokens/most-tokens.ts';
import { worstCostNanoUsd } from './pricing.ts';
import { messagesToCache } from './prompt-cache.ts';

/** The highest cost of a request before it is sent, in nano-dollars. */
export interface WorstCase {
  readonly nanoUsd: number;
  /** The share of what came with the question. */
  readonly broughtNanoUsd: number;
  /** How many messages from the start the provider is asked to cache; that costs more than reading them. */
  readonly cachedMessages: number;
}

/** Added to each message's text by the chat format: role and separators. */
const BYTES_PER_MESSAGE = 16;

export function worstCaseOf(
  request: {
    readonly messages: readonly ChatMessage[];
    readonly maxOutputTokens: number;
    readonly brought?: { readonly bytes: number; readonly images: number };
  },
  route: Offer & { readonly wireModel: string },
  webSearches: number,
  dearest: FirmPrices,
): WorstCase {
  const { messages, maxOutputTokens, brought = { bytes: 0, images: 0 } } = request;
  const imageTokens = mostImageTokens(route.wireModel);
  const promptBytes = messages.reduce(
    (sum, message) => sum + mostTokensOfAny(textOfMessage(message)) + BYTES_PER_MESSAGE,
    0,
  );
  const images = countImages(messages);
  const cachedMessages = messagesToCache(route.wireModel, messages);
  const whole = {
    promptTokens: promptBytes + images * imageTokens,
    outputTokens: maxOutputTokens,
    webSearches,
    images,
    cachesPrompt: cachedMessages > 0,
  };
  const extra = {
    promptTokens: brought.bytes + brought.images * imageTokens,
    outputTokens: 0,
    webSearches: 0,
    images: brought.images,
  };
  return {
    nanoUsd: worstCostNanoUsd(route, whole, dearest),
    broughtNanoUsd: worstCostNanoUsd(route, extra, dearest),
    cachedMessages,
  };
}
