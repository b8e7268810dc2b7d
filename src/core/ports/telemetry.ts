import type { GuildId } from './actor.ts';
import type { ProviderErrorCode } from './provider-errors.ts';
import type { ReplyStatus } from './surface.ts';
import type { Tier } from './tiers.ts';

/** Facts about one answer, reported once its last state is shown or cannot be shown. */
export interface AnswerFacts {
  readonly answer: string;
  readonly guild: GuildId;
  /** Catalogue id. */
  readonly model: string;
  readonly provider: string;
  readonly payer: 'operator' | 'guild';
  readonly tier: Tier;
  readonly status: ReplyStatus;
  readonly delivered: boolean;
  /** From the request to the first text; null if none came. */
  readonly firstTextMs: number | null;
  /** From the request to its end. */
  readonly durationMs: number;
  /** From the end of the text until the last state was shown. */
  readonly endLagMs: number;
  readonly costNanoUsd: number;
  /** `ProviderError.code`, or `internal`; null if nothing failed. */
  readonly failure: string | null;
}

/** A failed request to a provider, whether or not a fallback answered instead. */
export interface ProviderFailure extends Pick<AnswerFacts, 'provider' | 'model' | 'payer'> {
  readonly code: ProviderErrorCode;
}

/** A place in which the platform does not let the bot post. */
export interface Obstruction {
  readonly guild: GuildId;
  readonly channel: string;
  /** The sentence that the asker was told: why, and who can change it. */
  readonly advice: string;
}

/** Receives events for metrics and traces. Must not throw. */
export interface Telemetry {
  answered(facts: AnswerFacts): void;
  providerFailed(failure: ProviderFailure): void;
  obstructed(obstruction: Obstruction): void;
  /** Runs all work on a question, including `answered`, and returns its result or throws its error. */
  answering<T>(answer: string, work: () => Promise<T>): Promise<T>;
}
