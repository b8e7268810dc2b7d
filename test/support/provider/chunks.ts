/** Pieces of a chat-completion stream as OpenRouter writes them. */

export interface FakeUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly cost?: number | string;
  readonly [detail: string]: unknown;
}

export const DONE = 'data: [DONE]\n\n';
export const KEEP_ALIVE = ': OPENROUTER PROCESSING\n\n';
export const GENERATION_ID = 'gen-0000000001-fake';
export const MODEL = 'openai/gpt-4o-mini';

/** One server-sent event. */
export function event(payload: unknown): string {
  return `data: ${JSON.stringify(payload)}\n\n`;
}

export function textChunk(content: string): string {
  return chunk({ choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: null }] });
}

export function finishChunk(reason = 'stop'): string {
  return chunk({
    choices: [{ index: 0, delta: { content: '' }, finish_reason: reason, native_finish_reason: reason }],
  });
}

export function usageChunk(usage: FakeUsage): string {
  return chunk({
    choices: [],
    usage: { total_tokens: usage.prompt_tokens + usage.completion_tokens, ...usage },
  });
}

/** An error inside HTTP 200, as it ends a stream. */
export function errorChunk(code: number | string, errorType?: string): string {
  return chunk({
    error: {
      code,
      message: 'Provider returned error',
      ...(errorType && { metadata: { error_type: errorType } }),
    },
    choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
  });
}

function chunk(fields: object): string {
  return event({
    id: GENERATION_ID,
    object: 'chat.completion.chunk',
    created: 1_767_225_600,
    model: MODEL,
    provider: 'OpenAI',
    ...fields,
  });
}
