import type { Actor } from '../../../core/ports/actor.ts';
import type { CommandDeclaration } from '../../../core/ports/command.ts';
import type { Place } from '../../../core/ports/events.ts';
import type { Tier } from '../../../core/ports/tiers.ts';
import type { Status } from '../wire.ts';

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

export interface PlaygroundStatus extends Omit<Status, 'spent'> {
  /** The cost of `web:local` since the day began. */
  readonly spentNanoUsd: number;
}
