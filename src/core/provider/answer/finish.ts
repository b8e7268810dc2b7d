import { asText } from '../../kit/json.ts';
import type { FinishReason } from '../../ports/provider.ts';

/**
 * Finish reasons, matched in any case, of OpenAI and of providers whose words gateways pass on (Anthropic, Gemini, Mistral,
 * Cohere).
 */
const REASONS: Readonly<Record<string, FinishReason | 'error'>> = {
  stop: 'stop',
  end_turn: 'stop',
  stop_sequence: 'stop',
  eos: 'stop',
  eos_token: 'stop',
  complete: 'stop',
  completed: 'stop',
  finish_reason_stop: 'stop',
  length: 'length',
  max_tokens: 'length',
  max_output_tokens: 'length',
  max_completion_tokens: 'length',
  max_length: 'length',
  model_length: 'length',
  token_limit: 'length',
  model_context_window_exceeded: 'length',
  finish_reason_max_tokens: 'length',
  content_filter: 'content_filter',
  content_filtered: 'content_filter',
  content_policy: 'content_filter',
  guardrail_intervened: 'content_filter',
  refusal: 'content_filter',
  safety: 'content_filter',
  image_safety: 'content_filter',
  recitation: 'content_filter',
  prohibited_content: 'content_filter',
  blocklist: 'content_filter',
  spii: 'content_filter',
  sensitive: 'content_filter',
  error_toxic: 'content_filter',
  tool_calls: 'tool_calls',
  tool_call: 'tool_calls',
  tool_use: 'tool_calls',
  function_call: 'tool_calls',
  error: 'error',
  network_error: 'error',
  insufficient_system_resource: 'error',
};

/** The reason why an answer ended; `error` if it names a failure, null if nothing is said. */
export function readFinish(reason: unknown): FinishReason | 'error' | null {
  const name = asText(reason)?.toLowerCase();
  if (name === undefined) return null;
  return Object.hasOwn(REASONS, name) ? (REASONS[name] ?? 'unknown') : 'unknown';
}
