import type { Actor } from '../../../core/ports/actor.ts';
import type { CommandDeclaration } from '../../../core/ports/command.ts';
import type { Effort } from '../../../core/ports/effort.ts';
import type { Place } from '../../../core/ports/events.ts';
import type { Tier } from '../../../core/ports/tiers.ts';

/**
 * Everything that the playground needs besides `Dispatch`: the menu's commands, and the content of its bar. Wired by
 * `main.ts`, so that the page decides nothing itself.
 */
export interface PlaygroundHost {
  readonly commands: readonly CommandDeclaration[];
  /** The model and settings for a question by this person at this place now. */
  status(place: Place, actor: Actor): Promise<PlaygroundStatus>;
  /**
   * Sets the tier of the guild `web:local`, in place of the previous one. Called by the switch on the page, which is the
   * operator's.
   */
  setTier(tier: Tier): Promise<void>;
}

export interface PlaygroundStatus {
  /** The model's provider, for people: `OpenRouter`, `Demo`. */
  readonly provider: string;
  /** The model that answers at the place; null if the tier includes none. */
  readonly model: { readonly id: string; readonly name: string } | null;
  /** How much the model can be asked to think, the least first; empty if it takes no effort. */
  readonly efforts: readonly Effort[];
  /** The effort that was chosen for the place, as the model takes it; null if nobody chose. */
  readonly effort: Effort | null;
  /** All models, with prices, and the reason why the place cannot use one. */
  readonly models: readonly {
    readonly id: string;
    readonly name: string;
    readonly price: string;
    readonly lock: string | null;
  }[];
  readonly tier: Tier;
  /** The cost of `web:local` since the day began. */
  readonly spentNanoUsd: number;
  /** Whether the scripted demo answers instead of a language model. */
  readonly demo: boolean;
}
