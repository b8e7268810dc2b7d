import type { ProviderErrorCode, RefusedPart } from '../../ports/provider-errors.ts';

/**
 * Phrases in error messages, for providers that send no identifier or a vague one. Collected from OpenAI, Azure, Anthropic,
 * Gemini, xAI, Mistral, Groq, Together, DeepSeek, OpenRouter, LiteLLM, vLLM, llama.cpp, Ollama and LM Studio. The first match
 * counts.
 */
const WORDS: readonly (readonly [ProviderErrorCode, RegExp])[] = [
  ['bad_request', /no endpoints found that (?:support|can handle)/i],
  ['excluded', /data polic|privacy settings|data collection|zero data retention|\bZDR\b/i],
  ['excluded', /no allowed providers/i],
  [
    'bad_address',
    /invalid url|unexpected endpoint|(?:unknown|no such) (?:url|route|path|endpoint)|cannot (?:post|get) \/|page not found|(?:resource|route|path|url) (?:was )?not found|method not allowed/i,
  ],
  ['bad_address', /^\W*(?:404\W*)?not found\W*$/i],
  [
    'bad_key',
    /(?:incorrect|invalid|missing|expired|revoked|disabled) (?:api|access|auth)[ _-]?(?:key|token)|api[ _-]?key (?:\S+ )?(?:is |was )?(?:not valid|not found|invalid|expired|missing|required|disabled)|no auth credentials|x-api-key|invalid authentication/i,
  ],
  [
    'no_credit',
    /credit balance|insufficient (?:account )?(?:balance|credits?|funds)|(?:out of|no|more) credits?\b|can only afford|billing (?:hard limit|is not active)|spending limit|payment required/i,
  ],
  [
    'context_too_long',
    /context[ _-]?(?:length|window|size|limit)|maximum context|(?:prompt|input|request|conversation|messages?) (?:is|are|has|have)?\s?(?:too (?:long|large|many tokens)|longer than)|too many (?:input |prompt )?tokens|(?:input|prompt) tokens? (?:count )?(?:\S+ ){0,3}exceed|exceeds? (?:the )?(?:model'?s? )?(?:maximum|max|limit)[^.]{0,60}(?:tokens|length)|maximum (?:prompt|input|allowed input) length|reduce the (?:length|size) of|range of input length/i,
  ],
  [
    'unavailable_here',
    /(?:country|region|territory|location)[^.]{0,40}not (?:supported|available|allowed)|not (?:supported|available|allowed) in (?:your|this) (?:country|region|territory|location)/i,
  ],
  [
    'model_gone',
    /\b(?:model|deployment)\b[^.]{0,120}(?:not found|not exist|no longer|deprecated|decommissioned|retired|shut down|not available)|(?:no such|unknown|invalid|not a valid) model|no endpoints found/i,
  ],
  [
    'moderated',
    /content (?:management )?(?:policy|filter)|flagged|safety (?:system|filter|reasons)|moderation|violat\w+[^.]{0,60}polic|inappropriate content/i,
  ],
  [
    'rate_limited',
    /rate[ _-]?limit|too many requests|requests per (?:second|minute|day)|tokens per (?:minute|day)/i,
  ],
  ['provider_down', /overloaded|at capacity|temporarily unavailable|service unavailable|bad gateway/i],
];

/**
 * A request above the limit on tokens per minute at Groq and OpenAI, which no wait can make fit: `Limit 6000, Requested
 * 7123`.
 */
const REQUESTED = /limit:? (\d[\d,]*)[^.]{0,40}requested:? (\d[\d,]*)/i;

/** The code for a failure from the provider's own words; null if they contain no known phrase. */
export function codeInWords(prose: string): ProviderErrorCode | null {
  const [, limit, requested] = (REQUESTED.exec(prose) ?? []).map((number) =>
    Number(number.replaceAll(',', '')),
  );
  if (limit !== undefined && requested !== undefined) {
    return requested > limit ? 'context_too_long' : 'rate_limited';
  }
  return WORDS.find(([, words]) => words.test(prose))?.[0] ?? null;
}

/** Phrases that reject a parameter as such, rather than its value. */
const UNWANTED =
  /unsupported|not (?:be )?supported|not support|unrecogni[sz]ed|unknown|unexpected|extra (?:inputs|fields)|extra_forbidden|not (?:permitted|allowed|enabled|available)|must be verified|may only be set|is not (?:one of|a valid)|only (?:user|supports)|invalid role/i;

const PARTS: readonly (readonly [RefusedPart, RegExp])[] = [
  ['stream_options', /\bstream_options\b|\binclude_usage\b/i],
  ['temperature', /\btemperature\b/i],
  ['max_completion_tokens', /\bmax_completion_tokens\b.{0,80}(?:unsupported|not|unrecogni|unknown|extra)/i],
  ['max_tokens', /\bmax_tokens\b/i],
  ['max_completion_tokens', /\bmax_completion_tokens\b/i],
  ['stream', /must be verified to stream|\bstream(?:ing)?\b/i],
  [
    'system',
    /\b(?:system|developer)\b[^.]{0,30}(?:role|message|instruction|prompt)|role\W{0,30}(?:system|developer)/i,
  ],
  // Last: what is refused of models that think is said with the same word.
  ['reasoning_effort', /\breasoning(?:[._]effort)?\b|\bthink(?:ing)?\b/i],
];

/** The part of the request that the provider rejects; null if it does not say. */
export function refusedPart(prose: string, param: string | null): RefusedPart | null {
  if (!UNWANTED.test(prose)) return null;
  // OpenAI names the fields of an object with a point: `reasoning.effort`.
  const field = param?.replace('.', '_');
  const named = PARTS.find(([part]) => part === field)?.[0];
  return named ?? PARTS.find(([, words]) => words.test(prose))?.[0] ?? null;
}
