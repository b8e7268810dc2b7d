import type { Actor } from '../../../core/ports/actor.ts';
import type { CommandDeclaration } from '../../../core/ports/command.ts';
import type { Effort } from '../../../core/ports/effort.ts';
import type { Place } from '../../../core/ports/events.ts';
import type { Tier } from '../../../core/ports/tiers.ts';

/**
 * What the playground needs besides `Dispatch`: the menu's commands, and what its bar shows. Wired by `main.ts`, so that
 * the page learns everything from core and decides nothing.
 */
export interface PlaygroundHost {
  readonly commands: readonly CommandDeclaration[];
  /** What holds for a question that this person asks at this place now. */
  status(place: Place, actor: Actor): Promise<PlaygroundStatus>;
  /** Gives the guild `web:local` this tier, in place of the one it had. The switch on the page is the operator's own. */
  setTier(tier: Tier): Promise<void>;
}

export interface PlaygroundStatus {
  /** The provider that the model is reached through, for people: `OpenRouter`, `Demo`. */
  readonly provider: string;
  /** The model in force at the place; null where no model is open to the tier. */
  readonly model: { readonly id: string; readonly name: string } | null;
  /** How much the model can be asked to think, the least first; empty if it takes no effort. */
  readonly efforts: readonly Effort[];
  /** The effort that was chosen for the place, as the model takes it; null if nobody chose. */
  readonly effort: Effort | null;
  /** All that there are, with their prices, and why the place cannot use them. */
  readonly models: readonly {
    readonly id: string;
    readonly name: string;
    readonly price: string;
    readonly lock: string | null;
  }[];
  readonly tier: Tier;
  /** Spent by `web:local` since the day began. */
  readonly spentNanoUsd: number;
  /** Whether the scripted demo provider answers, which is no language model. */
  readonly demo: boolean;
}
