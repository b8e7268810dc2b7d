import type { CommandDeclaration } from '../../../core/ports/command.ts';
import type { Dispatch } from '../../../core/ports/events.ts';
import type { DiscordContext } from '../answers/context.ts';
import type { Entitlements } from '../gateway/entitlements.ts';

/** Everything that the handlers of interactions need. */
export interface InteractionContext {
  readonly discord: DiscordContext;
  readonly dispatch: Dispatch;
  /** In Discord's words. */
  readonly commands: readonly CommandDeclaration[];
  /** Null if no purchase brings a tier. */
  readonly entitlements: Entitlements | null;
}
