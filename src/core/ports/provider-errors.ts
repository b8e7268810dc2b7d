/** The cause of a failed request to a provider. Each cause needs a different remedy. */
export type ProviderErrorCode =
  /** The key is missing, or the provider rejects it. */
  | 'bad_key'
  /** The key may not do this: region, privacy settings, a guardrail, or a limit on the key. */
  | 'forbidden'
  /** The account's settings, such as those on privacy, exclude every server of this model. */
  | 'excluded'
  /** Not available in this country or region. */
  | 'unavailable_here'
  /** The account behind the key has no money left. */
  | 'no_credit'
  /** The provider's moderation refused the prompt or the answer. */
  | 'moderated'
  | 'rate_limited'
  | 'context_too_long'
  /** The provider does not serve the model, or no longer does. */
  | 'model_gone'
  /** The provider does not understand the request: a bug here or a mistake in `models.json`. */
  | 'bad_request'
  /** The provider, or a server behind it, is overloaded or broken. */
  | 'provider_down'
  | 'unreachable'
  | 'timeout'
  | 'cut_off'
  /** There is no such API at this address. */
  | 'bad_address'
  /** The response is not a chat completion: a wrong base URL, or a proxy that answers instead. */
  | 'bad_response';

/** A part that can be left out to ask the same question again. */
export type RefusedPart =
  | 'stream'
  | 'system'
  | 'stream_options'
  | 'temperature'
  | 'reasoning_effort'
  | 'max_tokens'
  | 'max_completion_tokens';

/** The facts of a failure; each that is left out has the default of `ProviderError`. */
export type ProviderErrorDetails = Pick<ProviderError, 'code' | 'provider'> &
  Partial<Omit<ProviderError, keyof Error | 'code' | 'provider'>> & { readonly cause?: unknown };

/**
 * A request to a provider failed. Safe to log: neither the message nor a field holds a key, a prompt, or the provider's
 * prose, which may quote both. `explain` words it for people.
 */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly code: ProviderErrorCode;
  /** The provider's name, for people. */
  readonly provider: string;
  /** HTTP status, of the response or as named by an error inside a stream. */
  readonly status: number | null = null;
  /** The provider's identifier of the fault (`insufficient_quota`), never its prose. */
  readonly reason: string | null = null;
  /** The part that the provider rejects, for `bad_request` or `forbidden`. */
  readonly refuses: RefusedPart | null = null;
  /** The setting with the provider's address, as the operator knows it. */
  readonly addressSetting: string | null = null;
  /** The wait that the provider asks for. */
  readonly retryAfterMs: number | null = null;
  /** Whether the same request may work a little later. */
  readonly transient: boolean = false;
  /** Set if the provider had accepted the request; its cost can be looked up by this id. */
  readonly generationId: string | null = null;
  /**
   * Whether the provider may still bill the request. False only if the connection was never made, or if the answer was 3xx or
   * 4xx except 408. A gateway that gave up or a broken connection says nothing about the server behind it.
   */
  readonly mayBeBilled: boolean = false;
  /** For `no_credit`: the longest answer, in tokens, that the credit covers, if the provider says so. */
  readonly affordableTokens: number | null = null;
  /** Whether the request used a guild's own key. */
  readonly ownKey: boolean = false;

  constructor({ code, provider, cause, ...facts }: ProviderErrorDetails) {
    const known = [facts.status ? `HTTP ${facts.status}` : '', facts.reason ?? ''].filter(Boolean);
    super(
      `${provider}: ${code}${known.length > 0 ? ` (${known.join(', ')})` : ''}`,
      cause === undefined ? undefined : { cause },
    );
    this.code = code;
    this.provider = provider;
    Object.assign(this, facts);
  }
}
