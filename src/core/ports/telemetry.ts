import type { GuildId } from './actor.ts';
import type { ProviderErrorCode } from './provider-errors.ts';
import type { ReplyStatus } from './surface.ts';
import type { Tier } from './tiers.ts';

/** One answer, when its last state stands or is out of reach. */
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
  /** From the end of the text to the moment when the last state stood. */
  readonly endLagMs: number;
  readonly costNanoUsd: number;
  /** `ProviderError.code`, or `internal`; null if nothing failed. */
  readonly failure: string | null;
}

/** One request to a provider that failed, whether or not a fallback answered in its place. */
export interface ProviderFailure extends Pick<AnswerFacts, 'provider' | 'model' | 'payer'> {
  readonly code: ProviderErrorCode;
}

/** A place where the platform does not let the bot post. */
export interface Obstruction {
  readonly guild: GuildId;
  readonly channel: string;
  /** What the asker was told: why, and who can change it. */
  readonly advice: string;
}

/** Told of what happens, for metrics and traces. Must not throw by itself. */
export interface Telemetry {
  answered(facts: AnswerFacts): void;
  providerFailed(failure: ProviderFailure): void;
  obstructed(obstruction: Obstruction): void;
  /** Runs all the work on a question, `answered` within it, and comes out as the work does. */
  answering<T>(answer: string, work: () => Promise<T>): Promise<T>;
}

export const NO_TELEMETRY: Telemetry = {
  answered: () => {},
  providerFailed: () => {},
  obstructed: () => {},
  answering: (_, work) => work(),
};
