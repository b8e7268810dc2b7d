import type { BaseInteraction, RepliableInteraction } from 'discord.js';
import type { CommandDeclaration } from '../../../core/ports/command.ts';
import type { Dispatch } from '../../../core/ports/events.ts';
import type { DiscordContext } from '../answers/context.ts';
import type { Entitlements } from '../gateway/entitlements.ts';
import type { Abouts } from './ask-about.ts';

/** Everything that the handlers of interactions share. */
export interface InteractionContext {
  readonly discord: DiscordContext;
  readonly dispatch: Dispatch;
  /** In Discord's words. */
  readonly commands: readonly CommandDeclaration[];
  /** Null if no purchase brings a tier. */
  readonly entitlements: Entitlements | null;
}

/** An interaction, and everything that its handler needs. */
export interface Received<I extends BaseInteraction = RepliableInteraction> extends InteractionContext {
  readonly interaction: I;
  /** By this process's clock, in milliseconds since the epoch. */
  readonly receivedAtMs: number;
  readonly abouts: Abouts;
  readonly signal: AbortSignal;
}
