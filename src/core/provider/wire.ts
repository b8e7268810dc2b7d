import type { JsonObject } from '../kit/json.ts';
import type { ChatMessage, ChatRequest, ContentPart } from '../ports/provider.ts';
import { type RoutingPreferences, withMaxPrice } from '../ports/routing.ts';
import type { ProviderDefinition } from './definition.ts';

/** How this application names itself to providers that keep a list. */
export interface Attribution {
  readonly url: string;
  readonly title: string;
  /** Comma-separated, for example `general-chat`. */
  readonly categories: string;
}

/** The body of a chat completion: what the provider knows of the request, and nothing else. */
export function chatBody(
  { features }: ProviderDefinition,
  request: ChatRequest,
  defaultPreferences: RoutingPreferences | undefined,
  stream: boolean,
): JsonObject {
  const preferences =
    defaultPreferences || request.preferences ? { ...defaultPreferences, ...request.preferences } : undefined;
  return {
    model: request.wireModel,
    messages: request.messages.map(({ role, content }) => ({ role, content: wireContent(content) })),
    ...(stream && { stream: true }),
    ...(stream && features.streamUsageOption && { stream_options: { include_usage: true } }),
    ...(request.maxOutputTokens !== undefined && { [features.maxTokensField]: request.maxOutputTokens }),
    ...(features.user && request.user !== undefined && { user: request.user }),
    ...(features.sessionId && request.sessionId !== undefined && { session_id: request.sessionId }),
    ...(features.routing &&
      (preferences || request.maxPrice) && { provider: withMaxPrice(preferences, request.maxPrice) }),
    // Models with short contexts are compressed by default, which would drop the middle of a window that fits.
    ...(features.plugins && { plugins: [{ id: 'context-compression', enabled: false }] }),
    ...(features.webSearch && request.webSearch && { tools: [webSearchTool(request.webSearch)] }),
  };
}

/**
 * Half a surrogate pair is no UTF-8: providers refuse the whole request, and the next one of that conversation.
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

/** The headers of a request; an extra header of the request wins over all but the key. */
export function requestHeaders(
  { features }: ProviderDefinition,
  key: string | null,
  attribution: Attribution | null,
  extra: Readonly<Record<string, string>>,
): Headers {
  const headers = new Headers();
  if (features.attribution && attribution !== null) {
    headers.set('HTTP-Referer', attribution.url);
    headers.set('X-OpenRouter-Title', attribution.title);
    headers.set('X-OpenRouter-Categories', attribution.categories);
  }
  for (const [name, value] of Object.entries(extra)) headers.set(name, value);
  if (key !== null) headers.set('Authorization', `Bearer ${key}`);
  return headers;
}

/** @see https://openrouter.ai/docs/guides/features/server-tools/web-search */
function webSearchTool({ maxUses, maxResults }: NonNullable<ChatRequest['webSearch']>): JsonObject {
  return {
    type: 'openrouter:web_search',
    parameters: { max_uses: maxUses, ...(maxResults !== undefined && { max_results: maxResults }) },
  };
}
