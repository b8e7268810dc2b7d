import type { AccessDecision, AccessGranted } from './access.ts';
import type { GuildId } from './actor.ts';
import type { ChatEvent, ChatMessage } from './provider/types.ts';

/** One request to a model, before anything is decided about it. */
export interface ModelRequest {
  /** Unique; the reservation carries it. */
  readonly id: string;
  readonly guild: GuildId;
  readonly user: string;
  /** Catalogue id. */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly maxOutputTokens: number;
  readonly webSearch: boolean;
  /** Keeps the conversation with one upstream, whose prompt cache is warm. */
  readonly conversation: string;
}

/** What a request came to. */
export interface Bill {
  readonly costNanoUsd: number;
  readonly tokens: number;
  /** Whether these are the provider's own figures. */
  readonly exact: boolean;
}

/**
 * The one way to a model. `open` checks access, picks the route and who pays, and reserves the worst price; only what it
 * admits can be streamed, once, and every admitted request has to be settled, whatever became of it.
 */
export interface ModelRequests {
  /** What the guild may do with a model at this moment; for menus and defaults. `open` decides again. */
  decide(model: string, guild: GuildId): Promise<AccessDecision>;
  open(request: ModelRequest): Promise<Admitted | Refused>;
}

export interface Admitted {
  readonly ok: true;
  readonly access: AccessGranted;
  stream(signal: AbortSignal): AsyncGenerator<ChatEvent, void, void>;
  /** Ends the reservation at what the request cost. Idempotent. */
  settle(): Promise<Bill>;
}

export interface Refused {
  readonly ok: false;
  /** For the asker: what was refused, why, and what to do. Markdown. */
  readonly text: string;
}
