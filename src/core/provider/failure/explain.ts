import { waitInWords } from '../../kit/time/durations.ts';
import type { ProviderError } from '../../ports/provider-errors.ts';

/** A failure in words for people: two sentences. */
export interface Explanation {
  /** The problem. */
  readonly what: string;
  /** The remedy. */
  readonly next: string;
}

/** Explains a provider's failure to the person who asked. */
export function explainProviderError(error: ProviderError): Explanation {
  const { provider, ownKey } = error;
  const askOperator = 'Please tell the operator of this bot.';
  const whoever = ownKey ? 'an admin' : 'the operator of this bot';
  const account = ownKey ? `The ${provider} account connected here` : `The bot's ${provider} account`;
  switch (error.code) {
    case 'bad_key':
      if (ownKey) {
        return {
          what: `${provider} rejected the API key connected here.`,
          next: 'An admin can connect a new one with `/connect`.',
        };
      }
      return error.status === null
        ? { what: `The bot has no API key for ${provider}.`, next: askOperator }
        : { what: `${provider} rejected the bot's API key.`, next: askOperator };
    case 'forbidden':
      return {
        what: `${provider} does not allow this request with the API key in use.`,
        next: `Try another model, or ask ${whoever} to check the key's limits and privacy settings.`,
      };
    case 'excluded':
      return {
        what: `The privacy settings of the account at ${provider} exclude this model.`,
        next: `Pick another model, or ask ${whoever} to change them${provider === 'OpenRouter' ? ' at https://openrouter.ai/settings/privacy' : ''}.`,
      };
    case 'unavailable_here':
      return {
        what: `${provider} is not available in the country or region where the bot runs.`,
        next: 'Pick another model.',
      };
    case 'no_credit':
      if (error.affordableTokens !== null) {
        return {
          what: `${account} has too little credit for an answer from this model.`,
          next: `Pick a cheaper model or ask a shorter question. ${ownKey ? 'An admin can add credit.' : askOperator}`,
        };
      }
      return {
        what: `${account} has run out of credit.`,
        next: ownKey ? 'An admin can add credit or connect another key with `/connect`.' : askOperator,
      };
    case 'moderated':
      return {
        what: `A safety filter at ${provider} stopped this request.`,
        next: 'Try rephrasing your question, or use another model.',
      };
    case 'rate_limited':
      return {
        what: `${provider} is getting too many requests.`,
        next: `Try again ${waitInWords(error.retryAfterMs)}, or pick another model.`,
      };
    case 'context_too_long':
      return {
        what: 'The conversation is too long for this model.',
        next: 'Pick a model with a longer context, shorten your message, or start over with `/new`.',
      };
    case 'model_gone':
      return { what: `${provider} no longer offers this model.`, next: 'Pick another model.' };
    case 'bad_request':
      return {
        what: `${provider} rejected the request.`,
        next: 'Try another model; if that does not help, tell the operator of this bot.',
      };
    case 'provider_down':
      return {
        what: `${provider} is overloaded or unavailable.`,
        next: `Try again ${waitInWords(error.retryAfterMs)}, or pick another model.`,
      };
    case 'unreachable':
      return {
        what: `The bot could not reach ${provider}.`,
        next: 'Try again in a minute; if it keeps happening, tell the operator of this bot.',
      };
    case 'timeout':
      return {
        what: `${provider} took too long to answer.`,
        next: 'Try again, or pick a faster model.',
      };
    case 'cut_off':
      return { what: 'The answer was cut off.', next: 'Retry to get all of it.' };
    case 'bad_address':
      return {
        what: `The bot has a wrong address for ${provider}.`,
        next: `Please tell the operator of this bot${error.addressSetting === null ? '' : ` to correct ${error.addressSetting}`}.`,
      };
    case 'bad_response':
      return {
        what: `${provider} sent something that is not an answer.`,
        next: 'Try again; if it keeps happening, tell the operator of this bot: the provider address may be wrong.',
      };
  }
}
