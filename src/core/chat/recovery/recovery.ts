import type { CatchUp } from './catch-up.ts';
import type { HeldAnswers } from './held-answers.ts';
import type { Takeover } from './takeover.ts';

/** What follows a time in which this process, another one or a place could not go on. */
export interface Recovery {
  readonly catchUp: CatchUp;
  readonly held: HeldAnswers;
  readonly takeover: Takeover;
}
