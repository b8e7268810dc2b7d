import type { JsonObject } from '../kit/json.ts';
import type { Effort } from '../ports/effort.ts';
import { type ChatMessage, type ChatRequest, type ContentPart, textOfMessage } from '../ports/provider.ts';
import type { RefusedPart } from '../ports/provider-errors.ts';
import { type RoutingPreferences, withMaxPrice } from '../ports/routing.ts';
import type { ProviderDefinition, ProviderFeatures } from './definition.ts';

/**
 * How Parley names itself to providers that list applications. OpenRouter identifies those without a public address by their
 * title.
 */
const ATTRIBUTION = {
  'HTTP-Referer': 'http://localhost',
  'X-OpenRouter-Title': 'Parley',
  'X-OpenRouter-Categories': 'general-chat',
};

/** The body of a chat completion, with only the fields that the provider knows. */
export function chatBody(
  { features }: ProviderDefinition,
  request: ChatRequest,
  preferences: RoutingPreferences | undefined,
  without: ReadonlySet<RefusedPart>,
): JsonObject {
  const takes = (part: RefusedPart) => !without.has(part);
  const { maxPrice } = request;
  const messages = takes('system') ? request.messages : withoutSystem(request.messages);
  // Counted from the end, because a system message may be missing at the beginning.
  const lastCached = messages.length - 1 - (request.messages.length - (request.cachedMessages ?? 0));
  return {
    model: request.wireModel,
    messages: messages.map(({ role, content }, index) => ({
      role,
      content: features.cacheControl && index === lastCached ? upToHere(content) : wireContent(content),
    })),
    ...(takes('stream') && { stream: true }),
    ...(takes('stream') &&
      features.streamUsageOption &&
      takes('stream_options') && { stream_options: { include_usage: true } }),
    ...(request.maxOutputTokens !== undefined && { [capField(features, takes)]: request.maxOutputTokens }),
    ...(request.temperature !== undefined && takes('temperature') && { temperature: request.temperature }),
    ...(request.effort !== undefined && takes('reasoning_effort') && effortIn(features, request.effort)),
    ...(features.user && request.user !== undefined && { user: request.user }),
    ...(features.sessionId && request.sessionId !== undefined && { session_id: request.sessionId }),
    ...(features.routing &&
      (preferences || maxPrice) && {
        provider: maxPrice ? withMaxPrice(preferences, maxPrice) : preferences,
      }),
    // OpenRouter compresses for models with short contexts by default, which would drop the middle of a window that fits.
    ...(features.plugins && { plugins: [{ id: 'context-compression', enabled: false }] }),
    ...(features.modalities && request.modalities && { modalities: request.modalities }),
    ...(features.webSearch && request.maxWebSearches && { tools: [webSearchTool(request.maxWebSearches)] }),
  };
}

function effortIn({ effortField }: ProviderFeatures, effort: Effort): JsonObject | null {
  return effortField && { [effortField]: effortField === 'reasoning' ? { effort } : effort };
}

/**
 * The name of the cap, or its other name if that was refused. Without any cap a request could cost more than was reserved.
 */
function capField(
  { maxTokensField: usual }: ProviderFeatures,
  takes: (part: RefusedPart) => boolean,
): string {
  if (takes(usual)) return usual;
  return usual === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
}

/** Moves the system's text in front of the first question. */
function withoutSystem(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const system = messages.filter(({ role }) => role === 'system').map(textOfMessage);
  const rest = messages.filter(({ role }) => role !== 'system');
  const first = rest.findIndex(({ role }) => role === 'user');
  return rest.map((message, index) => {
    if (index !== first || system.length === 0) return message;
    const { content } = message;
    const before = `${system.join('\n\n')}\n\n`;
    return {
      role: 'user',
      content: typeof content === 'string' ? before + content : [{ type: 'text', text: before }, ...content],
    };
  });
}

/**
 * Marks the end of the prompt prefix to cache, for five minutes by default.
 * @see https://openrouter.ai/docs/guides/best-practices/prompt-caching
 */
function upToHere(content: ChatMessage['content']): JsonObject[] {
  const parts = wireContent(typeof content === 'string' ? [{ type: 'text', text: content }] : content);
  return (parts as JsonObject[]).map((part, index, all) =>
    index === all.length - 1 ? { ...part, cache_control: { type: 'ephemeral' } } : part,
  );
}

/**
 * Half a surrogate pair is not valid UTF-8: providers refuse the whole request, and every later one of that conversation.
 * @see https://platform.openai.com/docs/guides/images-vision
 */
function wireContent(content: ChatMessage['content']): string | JsonObject[] {
  if (typeof content === 'string') return content.toWellFormed();
  return content.map((part: ContentPart) =>
    part.type === 'text'
      ? { type: 'text', text: part.text.toWellFormed() }
      : { type: 'image_url', image_url: { url: `data:${part.mediaType};base64,${part.base64}` } },
  );
}

/** The headers of a request. Those of the definition override all but the key. */
export function requestHeaders(
  { features, keyHeader, headers }: ProviderDefinition,
  key: string | null,
  accept: string,
): Record<string, string> {
  const own =
    key === null ? {} : keyHeader === null ? { authorization: `Bearer ${key}` } : { [keyHeader]: key };
  const all = { ...(features.attribution && ATTRIBUTION), ...headers, accept, ...own };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name.toLowerCase(), value]));
}

/** OpenRouter's default. */
const RESULTS_PER_SEARCH = 5;

/** @see https://openrouter.ai/docs/guides/features/server-tools/web-search */
function webSearchTool(maxUses: number): JsonObject {
  return {
    type: 'openrouter:web_search',
    // Native searches ignore these limits except at Anthropic, so that no price could be reserved for them; Exa's obey all of
    // them.
    parameters: {
      engine: 'exa',
      max_uses: maxUses,
      max_results: RESULTS_PER_SEARCH,
      max_total_results: maxUses * RESULTS_PER_SEARCH,
    },
  };
}
