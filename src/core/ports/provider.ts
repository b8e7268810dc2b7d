import type { MaxPrice, RoutingPreferences } from './routing.ts';

/** What questions and answers may hold. */
export type Modality = 'text' | 'image';

/** A picture for a model that sees. */
export interface ImageContent {
  readonly type: 'image';
  readonly mediaType: string;
  readonly base64: string;
}

export type ContentPart = { readonly type: 'text'; readonly text: string } | ImageContent;

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  /** Parts only if there is a picture among them: some servers take nothing but a string. */
  readonly content: string | readonly ContentPart[];
}

/** The text of a message, without its pictures. */
export function textOfMessage({ content }: ChatMessage): string {
  if (typeof content === 'string') return content;
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}

/** How many pictures there are in these messages. */
export function countImages(messages: readonly ChatMessage[]): number {
  return messages.reduce(
    (sum, { content }) =>
      sum + (typeof content === 'string' ? 0 : content.filter(({ type }) => type === 'image').length),
    0,
  );
}

/** What is asked of a provider. What the provider does not know (`ProviderFeatures`) is left out on the wire. */
export interface ChatRequest {
  /** The model as this provider calls it: the wire id, not the catalogue id. */
  readonly wireModel: string;
  readonly messages: readonly ChatMessage[];
  /** Cap on the answer in tokens, reasoning included. */
  readonly maxOutputTokens?: number;
  /** 0 to 2; the model's own by default. Left out for models that were found not to take one. */
  readonly temperature?: number;
  readonly preferences?: RoutingPreferences;
  readonly maxPrice?: MaxPrice;
  /** Stable, opaque id of the person who asked; without it a provider's policy block hits the whole account. */
  readonly user?: string;
  /** Keeps a conversation with one upstream, so that its prompt cache is warm. At most 256 characters. */
  readonly sessionId?: string;
  /** Lets the model search the web: at most `maxUses` searches, each with `maxResults` results (1 to 25). */
  readonly webSearch?: { readonly maxUses: number; readonly maxResults?: number };
  /** What the answer may hold, if that is more than text. */
  readonly modalities?: readonly Modality[];
  /** The model writes its reasoning before its answer, and closes it by `</think>` without opening it. */
  readonly reasoningInText?: boolean;
  /** How long this model may take to begin, and be silent after that; the client's own limits by default. */
  readonly firstProgressMs?: number;
  readonly progressMs?: number;
  /** Extra headers; they win over the client's own, except for the key. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The guild's own key. Without it the provider's default key is used. */
  readonly apiKey?: string;
  /** So many messages from the first on are worth caching: they come again with the next turn. Default: none. */
  readonly cachedMessages?: number;
  /** Costs nothing, whatever becomes of it: is tried again also if a request may have been worked on. Default false. */
  readonly isFree?: boolean;
}

/** What a request used, as the provider counts it. */
export interface Usage {
  readonly promptTokens: number;
  /** Reasoning included. */
  readonly completionTokens: number;
  readonly reasoningTokens: number;
  /** Read from the provider's cache; part of `promptTokens`. */
  readonly cachedPromptTokens: number;
  /** Written into it; part of `promptTokens`, and none of the ones before. */
  readonly cacheWriteTokens: number;
  readonly webSearches: number;
  /** The price of it all if the provider names one, rounded up to nano-dollars. */
  readonly costNanoUsd: number | null;
  /** The account has a key of its own at the upstream provider: a price of 0 is meant. */
  readonly isByok: boolean;
}

/** Why an answer ended. `unknown`: the provider ended it in good order and gave no reason that is known. */
export type FinishReason = 'stop' | 'length' | 'content_filter' | 'tool_calls' | 'unknown';

export interface Citation {
  readonly url: string;
  readonly title: string | null;
}

export type ChatEvent =
  /**
   * The provider took the request: its headers are in. Comes first. It comes again where only the first chunk names the
   * id, and where a free request was refused before any other event and made again: the newest one counts.
   */
  | {
      readonly type: 'start';
      readonly generationId: string | null;
      /** The cap on the answer that the provider's credit allows, if that is below the one asked for. */
      readonly affordableTokens?: number;
    }
  | { readonly type: 'text'; readonly delta: string }
  | { readonly type: 'reasoning'; readonly delta: string }
  /** What was used so far, of providers that keep count as they go. Any text or reasoning after it makes it out of date. */
  | { readonly type: 'usage'; readonly usage: Usage }
  /** A source of the answer; each address comes once. */
  | ({ readonly type: 'citation' } & Citation)
  /** A picture, such as `image/png`, of at most 8 MiB. At most 4 come. */
  | { readonly type: 'image'; readonly mediaType: string; readonly bytes: Uint8Array }
  /** The answer is whole. Always the last event; a stream that ends without it throws. */
  | {
      readonly type: 'done';
      readonly finish: FinishReason;
      readonly usage: Usage | null;
      /** The model that answered, as its provider calls it. */
      readonly model: string | null;
      readonly generationId: string | null;
      /** Lines that could not be read and were left out. */
      readonly skippedLines: number;
      /** Images that were left out: too large, too many, or of an unknown kind. */
      readonly skippedImages: number;
      /** Names of tools that the model called though nobody offered them: at most 5, of `[\w.:-]`. */
      readonly tools: readonly string[];
    };

/** An answer in one piece. */
export interface Completion {
  readonly text: string;
  readonly reasoning: string;
  readonly citations: readonly Citation[];
  readonly finish: FinishReason;
  readonly usage: Usage | null;
  readonly model: string | null;
  readonly generationId: string | null;
}

/** Prices in pico-dollars, per token and each; null if none is named. */
export interface ModelPrices {
  readonly promptPicoUsd: number | null;
  /** Of a prompt token that is read from the provider's cache. */
  readonly cachedPromptPicoUsd: number | null;
  /** Of a prompt token that is written into it. */
  readonly cacheWritePicoUsd: number | null;
  readonly completionPicoUsd: number | null;
  /** Of a token of reasoning, if it has a price of its own. */
  readonly reasoningPicoUsd: number | null;
  /** Of an output token that is part of an image. */
  readonly imageOutputPicoUsd: number | null;
  readonly requestPicoUsd: number | null;
  readonly imagePicoUsd: number | null;
  readonly webSearchPicoUsd: number | null;
}

export const NO_PRICES: ModelPrices = {
  promptPicoUsd: null,
  cachedPromptPicoUsd: null,
  cacheWritePicoUsd: null,
  completionPicoUsd: null,
  reasoningPicoUsd: null,
  imageOutputPicoUsd: null,
  requestPicoUsd: null,
  imagePicoUsd: null,
  webSearchPicoUsd: null,
};

export const FREE_OF_CHARGE: ModelPrices = {
  promptPicoUsd: 0,
  cachedPromptPicoUsd: 0,
  cacheWritePicoUsd: 0,
  completionPicoUsd: 0,
  reasoningPicoUsd: 0,
  imageOutputPicoUsd: 0,
  requestPicoUsd: 0,
  imagePicoUsd: 0,
  webSearchPicoUsd: 0,
};

/** What a provider says of one of its models; null if it says nothing. */
export interface ModelFacts {
  /** Wire id. */
  readonly id: string;
  readonly name: string;
  readonly contextTokens: number | null;
  readonly maxOutputTokens: number | null;
  readonly prices: ModelPrices;
  readonly inputModalities: readonly string[] | null;
  readonly outputModalities: readonly string[] | null;
  /** Whether it thinks before it answers unless it is asked not to. */
  readonly thinks: boolean | null;
  /** The day on which the model goes, as the provider writes it (ISO 8601). */
  readonly expiresAt: string | null;
}

/**
 * An OpenAI-compatible endpoint. Every method throws `ProviderError` for what the provider or the way to it did, and the
 * signal's reason once it is aborted; an abort ends the HTTP request itself.
 */
export interface ChatProvider {
  readonly id: string;
  /** Whether `generationCost` can ever answer. */
  readonly looksUpCosts: boolean;
  /**
   * The answer as it grows. No limit on the whole, one on silence. Tried again only while nothing but `start` came and
   * nothing can be billed (`ProviderError.mayBeBilled`).
   * Breaking out of the loop ends the HTTP request.
   */
  stream(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent, void, void>;
  /** The answer in one piece, within the time limit of a whole request, retries included. */
  complete(request: ChatRequest, signal: AbortSignal): Promise<Completion>;
  /** The models on offer. An entry that cannot be read is skipped. */
  models(signal: AbortSignal): Promise<ModelFacts[]>;
  /**
   * What a generation cost in nano-dollars; null if the provider cannot say (or not yet). Ask with the key that
   * the generation was made with.
   */
  generationCost(
    generationId: string,
    apiKey: string | undefined,
    signal: AbortSignal,
  ): Promise<number | null>;
  /** Whether the provider takes this key. */
  checkKey(apiKey: string, signal: AbortSignal): Promise<boolean>;
}
