import type { Effort } from './effort.ts';
import type { MaxPrice } from './routing.ts';

/** The kinds of content in questions and answers. */
export type Modality = 'text' | 'image';

export interface ImageContent {
  readonly type: 'image';
  readonly mediaType: string;
  readonly base64: string;
}

export type ContentPart = { readonly type: 'text'; readonly text: string } | ImageContent;

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  /** Parts only if they include a picture, because some servers accept nothing but a string. */
  readonly content: string | readonly ContentPart[];
}

/** The text of a message, without its pictures. */
export function textOfMessage({ content }: ChatMessage): string {
  if (typeof content === 'string') return content;
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}

export function countImages(messages: readonly ChatMessage[]): number {
  return messages.reduce(
    (sum, { content }) =>
      sum + (typeof content === 'string' ? 0 : content.filter(({ type }) => type === 'image').length),
    0,
  );
}

/** A request to a provider. Parameters that the provider does not know (`ProviderFeatures`) are not sent. */
export interface ChatRequest {
  /** The model's id at this provider, not in the catalogue. */
  readonly wireModel: string;
  readonly messages: readonly ChatMessage[];
  /** Cap on the answer in tokens, reasoning included. */
  readonly maxOutputTokens?: number;
  /** 0 to 2; the model's default if left out. Left out for models that are known to reject one. */
  readonly temperature?: number;
  /** How much the model is to think; its own way by default. Left out if the model was found not to take it. */
  readonly effort?: Effort;
  readonly maxPrice?: MaxPrice;
  /** Stable, opaque id of the person who asked. Without it a provider's policy block hits the whole account. */
  readonly user?: string;
  /** Keeps a conversation on one upstream server, so that its prompt cache stays warm. At most 256 characters. */
  readonly sessionId?: string;
  /** Lets the model search the web this often. */
  readonly maxWebSearches?: number;
  /** The modalities of the answer, if more than text. */
  readonly modalities?: readonly Modality[];
  /** The model writes its reasoning before the answer, ended by `</think>` without an opening tag. */
  readonly reasoningInText?: boolean;
  /** How long this model may take until its first output, and be silent after that. Default: the client's limits. */
  readonly firstProgressMs?: number;
  readonly progressMs?: number;
  /** The guild's own key. Default: the provider's key. */
  readonly apiKey?: string;
  /** The number of leading messages that are worth caching, because the next turn repeats them. Default 0. */
  readonly cachedMessages?: number;
  /** Costs nothing in any case, so that it is retried even if the provider may have worked on it. Default false. */
  readonly isFree?: boolean;
}

/** Tokens and cost of a request, as the provider counts them. */
export interface Usage {
  readonly promptTokens: number;
  /** Reasoning included. */
  readonly completionTokens: number;
  readonly reasoningTokens: number;
  /** Read from the provider's cache; part of `promptTokens`. */
  readonly cachedPromptTokens: number;
  /** Written into the cache; part of `promptTokens`, in addition to `cachedPromptTokens`. */
  readonly cacheWriteTokens: number;
  readonly webSearches: number;
  /** The provider's price for all of it, rounded up to nano-dollars; null if it names none. */
  readonly costNanoUsd: number | null;
  /** The account uses its own key at the upstream provider, so that a price of 0 is real. */
  readonly isByok: boolean;
}

/** The reason why an answer ended. `unknown`: it ended properly, without a known reason. */
export type FinishReason = 'stop' | 'length' | 'content_filter' | 'tool_calls' | 'unknown';

export interface Citation {
  readonly url: string;
  readonly title: string | null;
}

export type ChatEvent =
  /**
   * The provider accepted the request: its headers are in. Comes first. May come again: if only the first chunk names the id,
   * and if a free request is retried before any other event. The newest one counts.
   */
  | {
      readonly type: 'start';
      readonly generationId: string | null;
      /** The cap on the answer that the provider's credit allows, if that is lower than requested. */
      readonly affordableTokens?: number;
      /** The effort was left out: the provider did not take it, or the credit leaves no room to think. */
      readonly isWithoutEffort?: true;
    }
  | { readonly type: 'text'; readonly delta: string }
  | { readonly type: 'reasoning'; readonly delta: string }
  /** Usage so far, from providers that report it during the stream. Later text or reasoning makes it out of date. */
  | { readonly type: 'usage'; readonly usage: Usage }
  /** A source of the answer. Each address comes once. */
  | ({ readonly type: 'citation' } & Citation)
  /** A picture, for example of type `image/png`: at most 4, of at most 8 MiB each. */
  | { readonly type: 'image'; readonly mediaType: string; readonly bytes: Uint8Array }
  /** The answer is complete. Always the last event; a stream that ends without it throws. */
  | {
      readonly type: 'done';
      readonly finish: FinishReason;
      readonly usage: Usage | null;
      /** The answering model's id at the provider. */
      readonly model: string | null;
      readonly generationId: string | null;
      /** The number of unreadable lines, which were skipped. */
      readonly skippedLines: number;
      /** The number of skipped images: too large, too many, or of an unknown type. */
      readonly skippedImages: number;
      /** Names of tools that the model called although none were offered: at most 5, of `[\w.:-]`. */
      readonly tools: readonly string[];
    };

/** The kinds of prices, and what each is for. */
export const PRICED = {
  promptPicoUsd: 'token',
  /** A prompt token read from the provider's cache … */
  cachedPromptPicoUsd: 'token',
  /** … and one written into it. */
  cacheWritePicoUsd: 'token',
  completionPicoUsd: 'token',
  /** A reasoning token, if its price differs. */
  reasoningPicoUsd: 'token',
  /** An output token that belongs to an image. */
  imageOutputPicoUsd: 'token',
  requestPicoUsd: 'piece',
  imagePicoUsd: 'piece',
  webSearchPicoUsd: 'piece',
} as const;

export type PriceKind = keyof typeof PRICED;

/** Prices in pico-dollars, per token or per piece; null if unknown. */
export type ModelPrices = Readonly<Record<PriceKind, number | null>>;

/** A value for each kind of price. */
export function eachPrice<T>(priceOf: (kind: PriceKind) => T): Record<PriceKind, T> {
  const kinds = Object.keys(PRICED) as PriceKind[];
  return Object.fromEntries(kinds.map((kind) => [kind, priceOf(kind)])) as Record<PriceKind, T>;
}

export const NO_PRICES: ModelPrices = eachPrice(() => null);
export const FREE_OF_CHARGE: ModelPrices = eachPrice(() => 0);

/** A provider's facts about one of its models; null if it does not say. */
export interface ModelFacts {
  /** Wire id. */
  readonly id: string;
  readonly name: string;
  readonly contextTokens: number | null;
  readonly maxOutputTokens: number | null;
  readonly prices: ModelPrices;
  readonly inputModalities: readonly string[] | null;
  readonly outputModalities: readonly string[] | null;
  /** Whether it reasons before it answers, unless asked not to. */
  readonly thinks: boolean | null;
  /** The efforts that it takes, the least first; empty for none. */
  readonly efforts: readonly Effort[] | null;
  /** How much it thinks if nothing is asked for. */
  readonly defaultEffort: Effort | null;
  /** The day on which the model is removed, as the provider writes it (ISO 8601). */
  readonly expiresAt: string | null;
}

/** Takes an event of an answer. The next one comes once the returned promise has resolved; if it rejects, so does the stream. */
export type TakeEvent = (event: ChatEvent) => void | Promise<void>;

/**
 * An OpenAI-compatible endpoint. Every method throws `ProviderError` if the provider or the connection fails, and the
 * signal's reason if it aborts. An abort also ends the HTTP request.
 */
export interface ChatProvider {
  readonly id: string;
  /** Whether `generationCost` can ever answer. */
  readonly looksUpCosts: boolean;
  /**
   * Streams the answer; resolves after its last event. There is a limit on silence, not on the whole. Retries only if nothing but
   * `start` arrived and nothing can be billed (`ProviderError.mayBeBilled`). A fault of `take` ends the HTTP request and is thrown.
   */
  stream(request: ChatRequest, take: TakeEvent, signal: AbortSignal): Promise<void>;
  /** The models on offer. Unreadable entries are skipped. */
  models(signal: AbortSignal): Promise<ModelFacts[]>;
  /** In nano-dollars; null if the provider cannot say, or not yet. Ask with the key that made the generation. */
  generationCost(
    generationId: string,
    apiKey: string | undefined,
    signal: AbortSignal,
  ): Promise<number | null>;
  /** Whether the provider accepts this key. */
  checkKey(apiKey: string, signal: AbortSignal): Promise<boolean>;
}
