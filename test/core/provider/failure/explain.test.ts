import { describe, expect, it } from 'vitest';
import {
  ProviderError,
  type ProviderErrorCode,
  type ProviderErrorDetails,
} from '../../../../src/core/ports/provider-errors.ts';
import { explainProviderError } from '../../../../src/core/provider/failure/explain.ts';

type Details = Partial<Omit<ProviderErrorDetails, 'code' | 'provider'>>;

function explain(code: ProviderErrorCode, details: Details = {}, provider = 'OpenRouter') {
  return explainProviderError(new ProviderError({ code, provider, ...details }));
}

const OWN = { ownKey: true, status: 401 };
const BOTS = { status: 401 };

/** By code, or a sentence for each case of it: what happened and what to do. */
const WORDS: readonly (readonly [ProviderErrorCode, Details, what: string, next: string])[] = [
  ['bad_key', {}, 'The bot has no API key for OpenRouter.', 'Please tell the operator of this bot.'],
  ['bad_key', BOTS, "OpenRouter rejected the bot's API key.", 'Please tell the operator of this bot.'],
  [
    'bad_key',
    OWN,
    'OpenRouter rejected the API key connected here.',
    'An admin can connect a new one with `/connect`.',
  ],
  [
    'forbidden',
    BOTS,
    'OpenRouter does not allow this request with the API key in use.',
    "Try another model, or ask the operator of this bot to check the key's limits and privacy settings.",
  ],
  [
    'forbidden',
    OWN,
    'OpenRouter does not allow this request with the API key in use.',
    "Try another model, or ask an admin to check the key's limits and privacy settings.",
  ],
  [
    'excluded',
    BOTS,
    'The privacy settings of the account at OpenRouter exclude this model.',
    'Pick another model, or ask the operator of this bot to change them at https://openrouter.ai/settings/privacy.',
  ],
  [
    'unavailable_here',
    {},
    'OpenRouter is not available in the country or region where the bot runs.',
    'Pick another model.',
  ],
  [
    'no_credit',
    BOTS,
    "The bot's OpenRouter account has run out of credit.",
    'Please tell the operator of this bot.',
  ],
  [
    'no_credit',
    OWN,
    'The OpenRouter account connected here has run out of credit.',
    'An admin can add credit or connect another key with `/connect`.',
  ],
  [
    'no_credit',
    { ...BOTS, affordableTokens: 12 },
    "The bot's OpenRouter account has too little credit for an answer from this model.",
    'Pick a cheaper model or ask a shorter question. Please tell the operator of this bot.',
  ],
  [
    'no_credit',
    { ...OWN, affordableTokens: 12 },
    'The OpenRouter account connected here has too little credit for an answer from this model.',
    'Pick a cheaper model or ask a shorter question. An admin can add credit.',
  ],
  [
    'moderated',
    {},
    'A safety filter at OpenRouter stopped this request.',
    'Try rephrasing your question, or use another model.',
  ],
  [
    'rate_limited',
    { retryAfterMs: 42_000 },
    'OpenRouter is getting too many requests.',
    'Try again in 42 seconds, or pick another model.',
  ],
  [
    'context_too_long',
    {},
    'The conversation is too long for this model.',
    'Pick a model with a longer context, shorten your message, or start over with `/new`.',
  ],
  ['model_gone', {}, 'OpenRouter no longer offers this model.', 'Pick another model.'],
  [
    'bad_request',
    {},
    'OpenRouter rejected the request.',
    'Try another model; if that does not help, tell the operator of this bot.',
  ],
  [
    'provider_down',
    { retryAfterMs: 42_000 },
    'OpenRouter is overloaded or unavailable.',
    'Try again in 42 seconds, or pick another model.',
  ],
  [
    'unreachable',
    {},
    'The bot could not reach OpenRouter.',
    'Try again in a minute; if it keeps happening, tell the operator of this bot.',
  ],
  ['timeout', {}, 'OpenRouter took too long to answer.', 'Try again, or pick a faster model.'],
  ['cut_off', {}, 'The answer was cut off.', 'Retry to get all of it.'],
  ['bad_address', {}, 'The bot has a wrong address for OpenRouter.', 'Please tell the operator of this bot.'],
  [
    'bad_address',
    { addressSetting: 'baseUrl' },
    'The bot has a wrong address for OpenRouter.',
    'Please tell the operator of this bot to correct baseUrl.',
  ],
  [
    'bad_response',
    {},
    'OpenRouter sent something that is not an answer.',
    'Try again; if it keeps happening, tell the operator of this bot: the provider address may be wrong.',
  ],
];

describe('explainProviderError', () => {
  it.each(WORDS)('words %s with %j', (code, details, what, next) => {
    expect(explain(code, details)).toEqual({ what, next });
  });

  it("names the page with the privacy settings only if it is the provider's", () => {
    expect(explain('excluded', OWN, 'Groq').next).toBe('Pick another model, or ask an admin to change them.');
  });

  it.each([
    [undefined, 'in a moment'],
    [200, 'in a moment'],
    [1_000, 'in 1 second'],
    [42_000, 'in 42 seconds'],
    [60_000, 'in about 1 minute'],
    [61_000, 'in about 2 minutes'],
    [3 * 3_600_000, 'in about 3 hours'],
  ])('words a wait of %s ms as "%s"', (retryAfterMs, words) => {
    const { next } = explain('rate_limited', retryAfterMs === undefined ? {} : { retryAfterMs });
    expect(next).toBe(`Try again ${words}, or pick another model.`);
  });
});
