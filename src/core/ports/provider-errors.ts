/** Why a request to a provider failed, by cause: each calls for something else to be done. */
export type ProviderErrorCode =
  /** The key is missing, or the provider does not take it. */
  | 'bad_key'
  /** The key may not do this: region, privacy settings, a guardrail, a limit on the key. */
  | 'forbidden'
  /** Settings of the account behind the key, such as those on privacy, leave nobody who serves this model. */
  | 'excluded'
  /** Not in this country or region. */
  | 'unavailable_here'
  /** The account behind the key has no money left. */
  | 'no_credit'
  /** The provider's moderation refused the prompt or the answer. */
  | 'moderated'
  | 'rate_limited'
  | 'context_too_long'
  /** The provider does not (or no longer) serve the model. */
  | 'model_gone'
  /** The provider does not understand the request: a fault of this program or of `models.json`. */
  | 'bad_request'
  /** The provider, or the one behind it, is overloaded or broken. */
  | 'provider_down'
  /** No connection. */
  | 'unreachable'
  | 'timeout'
  /** The answer was cut off. */
  | 'cut_off'
  /** No such API is at this address. */
  | 'bad_address'
  /** What came back is no chat completion: a wrong base URL, or a proxy that answers for the provider. */
  | 'bad_response';

/** A part of a request without which the same question can be asked once more. */
export type RefusedPart =
  | 'stream'
  | 'system'
  | 'stream_options'
  | 'temperature'
  | 'max_tokens'
  | 'max_completion_tokens';

export interface ProviderErrorDetails {
  readonly code: ProviderErrorCode;
  /** The provider's name, for people. */
  readonly provider: string;
  /** HTTP status, or the one that an error inside a stream names. */
  readonly status?: number | null;
  /** The provider's own identifier of the fault (`insufficient_quota`), never its prose. */
  readonly reason?: string | null;
  /** What of the request the provider does not take, of a `bad_request` or `forbidden`. */
  readonly refuses?: RefusedPart | null;
  /** How an operator calls the setting that holds the provider's address. */
  readonly addressSetting?: string | null;
  /** How long the provider asks to wait. */
  readonly retryAfterMs?: number | null;
  /** Whether the same request may well succeed a little later. */
  readonly transient?: boolean;
  readonly generationId?: string | null;
  /** Whether the provider may bill the request nevertheless. */
  readonly mayBeBilled?: boolean;
  /** As `ProviderError.affordableTokens`. */
  readonly affordableTokens?: number | null;
  readonly cause?: unknown;
}

/**
 * A request to a provider failed. Neither the message nor a field holds a key, a prompt or the provider's prose, which
 * may quote both; so it is safe to log. `explain` words it for people.
 */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly code: ProviderErrorCode;
  readonly provider: string;
  readonly status: number | null;
  readonly reason: string | null;
  readonly refuses: RefusedPart | null;
  readonly addressSetting: string | null;
  readonly retryAfterMs: number | null;
  readonly transient: boolean;
  /** Set where the request had been taken: what it cost may be asked for by this id. */
  readonly generationId: string | null;
  /**
   * Whether the provider may bill the request nevertheless. False only if the connection never stood, or if the provider
   * answered 3xx or 4xx (408 excepted): a gateway that gave up, or a connection that broke, says nothing of what stands
   * behind it.
   */
  readonly mayBeBilled: boolean;
  /** Of `no_credit`: the longest answer in tokens that the credit still covers, if the provider says so. */
  readonly affordableTokens: number | null;
  /** Whether the request went out with a guild's own key. */
  readonly ownKey: boolean;

  constructor(details: ProviderErrorDetails & { readonly ownKey?: boolean }) {
    const { code, provider, status = null, reason = null } = details;
    const facts = [status === null ? '' : `HTTP ${status}`, reason ?? ''].filter((fact) => fact !== '');
    super(
      `${provider}: ${code}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.code = code;
    this.provider = provider;
    this.status = status;
    this.reason = reason;
    this.refuses = details.refuses ?? null;
    this.addressSetting = details.addressSetting ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.transient = details.transient ?? false;
    this.generationId = details.generationId ?? null;
    this.mayBeBilled = details.mayBeBilled ?? false;
    this.affordableTokens = details.affordableTokens ?? null;
    this.ownKey = details.ownKey ?? false;
  }
}
