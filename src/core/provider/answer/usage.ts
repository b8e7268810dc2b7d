import { asArray, asCount, asObject, type JsonObject } from '../../kit/json.ts';
import type { Usage } from '../../ports/provider.ts';
import { costNanoUsd } from './cost.ts';

/**
 * The usage in a chunk or whole completion; null if there is none that can be read. Moonshot puts it into the choice, and
 * Groq under its own name.
 */
export function readUsage(chunk: JsonObject): Usage | null {
  const inChoice = asObject(asObject(asArray(chunk['choices'])[0])?.['usage']);
  const atGroq = asObject(asObject(chunk['x_groq'])?.['usage']);
  const usage = asObject(chunk['usage']) ?? inChoice ?? atGroq;
  const tokens = usage && readTokens(usage);
  if (!usage || !tokens) return null;
  // The documentation uses both names for tool details; Perplexity counts its searches at the top level.
  const tools = asObject(usage['server_tool_use_details']) ?? asObject(usage['server_tool_use']);
  const upstream = asObject(usage['cost_details'])?.['upstream_inference_cost'];
  const isByok = usage['is_byok'] === true;
  // A number, or Perplexity's object with a sum in it.
  const charge = asObject(usage['cost'])?.['total_cost'] ?? usage['cost'];
  return {
    ...tokens,
    webSearches: asCount(tools?.['web_search_requests']) ?? asCount(usage['num_search_queries']) ?? 0,
    costNanoUsd: costNanoUsd(charge, isByok, upstream),
    isByok,
  };
}

type Tokens = Pick<
  Usage,
  'promptTokens' | 'completionTokens' | 'reasoningTokens' | 'cachedPromptTokens' | 'cacheWriteTokens'
>;

/**
 * xAI and Gemini leave reasoning out of `completion_tokens`, so whatever the total or the details have beyond the parts
 * counts as output too. Some gateways pass on newer APIs' names, `input_tokens` and `output_tokens`.
 */
function readTokens(usage: JsonObject): Tokens | null {
  const prompt = asCount(usage['prompt_tokens']) ?? asCount(usage['input_tokens']);
  const total = asCount(usage['total_tokens']);
  const said = asCount(usage['completion_tokens']) ?? asCount(usage['output_tokens']);
  if (prompt === null || (said === null && total === null)) return null;
  const promptDetails =
    asObject(usage['prompt_tokens_details']) ?? asObject(usage['input_tokens_details']) ?? {};
  const outputDetails =
    asObject(usage['completion_tokens_details']) ?? asObject(usage['output_tokens_details']) ?? {};
  const reasoning = asCount(outputDetails['reasoning_tokens']) ?? asCount(usage['reasoning_tokens']) ?? 0;

  const beside = reasoning > (said ?? 0) ? (said ?? 0) + reasoning : (said ?? 0);
  const completion = Math.max(beside, (total ?? 0) - prompt);
  // Counts that overflow when added cannot be right.
  if (!Number.isSafeInteger(prompt + completion)) return null;
  // DeepSeek counts cache hits at the top level.
  const cached = Math.min(
    prompt,
    asCount(promptDetails['cached_tokens']) ?? asCount(usage['prompt_cache_hit_tokens']) ?? 0,
  );
  return {
    promptTokens: prompt,
    completionTokens: completion,
    reasoningTokens: Math.min(reasoning, completion),
    cachedPromptTokens: cached,
    cacheWriteTokens: Math.min(prompt - cached, asCount(promptDetails['cache_write_tokens']) ?? 0),
  };
}
