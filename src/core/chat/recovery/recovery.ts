import type { CatchUp } from './catch-up.ts';
import type { HeldAnswers } from './held-answers.ts';
import type { Takeover } from './takeover.ts';

/** The parts that go on after this process, another one or a place could not. */
export interface Recovery {
  readonly catchUp: CatchUp;
  readonly held: HeldAnswers;
  readonly takeover: Takeover;
}
