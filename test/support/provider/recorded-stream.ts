import type { ChatEvent, Usage } from '../../../src/core/ports/provider.ts';

/**
 * A stream with everything in it that servers do: keep-alive comments, an event type, an id, `data:` without a space,
 * an event over several data lines, an empty one, characters of two, three and four bytes, reasoning under both names,
 * citations (one twice), usage in a chunk of its own.
 */
export const recordedStream = [
  ': OPENROUTER PROCESSING',
  '',
  'data: {"id":"gen-42","model":"openai/gpt-4o-mini","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}',
  '',
  'data: {"id":"gen-42","choices":[{"index":0,"delta":{"content":"","reasoning":"Grüße überlegen"},"finish_reason":null}]}',
  '',
  'data: {"id":"gen-42","choices":[{"index":0,"delta":{"reasoning_content":" …"},"finish_reason":null}]}',
  '',
  'event: message',
  'id: 7',
  'data:{"id":"gen-42","choices":[{"index":0,"delta":{"content":"Grüß"},"finish_reason":null}]}',
  '',
  'data:',
  '',
  'data: {"id":"gen-42","choices":[{"index":0,',
  'data:  "delta":{"content":" dich, 世界"},',
  'data: "finish_reason":null}]}',
  '',
  ': OPENROUTER PROCESSING',
  '',
  'data: {"id":"gen-42","choices":[{"index":0,"delta":{"content":" 👩‍👩‍👧‍👦\\n\\u00e9\\ud83d\\ude00"},"finish_reason":null}]}',
  '',
  'data: {"id":"gen-42","choices":[{"index":0,"delta":{"content":"","annotations":[{"type":"url_citation","url_citation":{"url":"https://example.org/ü","title":"Über uns"}},{"type":"url_citation","url_citation":{"url":"https://example.org/2"}},{"type":"url_citation","url_citation":{"url":"https://example.org/2"}}]},"finish_reason":null}]}',
  '',
  'data: {"id":"gen-42","choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop","native_finish_reason":"stop"}],"usage":null}',
  '',
  'data: {"id":"gen-42","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":22,"total_tokens":33,"cost":0.0000015,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":5},"server_tool_use_details":{"web_search_requests":1}}}',
  '',
  'data: [DONE]',
  '',
  '',
].join('\n');

const recordedUsage: Usage = {
  promptTokens: 11,
  completionTokens: 22,
  reasoningTokens: 5,
  cachedPromptTokens: 4,
  cacheWriteTokens: 0,
  webSearches: 1,
  costNanoUsd: 1_500,
  isByok: false,
};

export const recordedEvents: readonly ChatEvent[] = [
  { type: 'start', generationId: null },
  { type: 'start', generationId: 'gen-42' },
  { type: 'reasoning', delta: 'Grüße überlegen' },
  { type: 'reasoning', delta: ' …' },
  { type: 'text', delta: 'Grüß' },
  { type: 'text', delta: ' dich, 世界' },
  { type: 'text', delta: ' 👩‍👩‍👧‍👦\né😀' },
  { type: 'citation', url: 'https://example.org/ü', title: 'Über uns' },
  { type: 'citation', url: 'https://example.org/2', title: null },
  { type: 'usage', usage: recordedUsage },
  {
    type: 'done',
    finish: 'stop',
    usage: recordedUsage,
    model: 'openai/gpt-4o-mini',
    generationId: 'gen-42',
    skippedLines: 0,
    skippedImages: 0,
    tools: [],
  },
];
