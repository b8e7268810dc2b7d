import type { Clock } from '../../../core/kit/clock.ts';
import type { GuildId } from '../../../core/ports/actor.ts';
import { type Check, createFindings, type Findings } from '../check.ts';

/** A look at a live platform, step by step: a step that fails is a finding, and the next one goes on. */
export interface Stage {
  readonly findings: Findings;
  /** Aborts if the person wants to stop. */
  readonly signal: AbortSignal;
  step(what: string, work: () => Promise<void>): Promise<void>;
  /** Takes something away in the end, newest first, whatever happens; `what` names what is left if that fails. */
  undo(what: string, work: (signal: AbortSignal) => Promise<unknown>): void;
}

/** One platform, as the live look drives it. */
export interface LivePlatform {
  /** Posts, edits, reads back, and says where something is otherwise than Parley takes it to be. */
  look(stage: Stage, askModel: AskModel): Promise<void>;
}

/** Asks one model in the name of a guild; null if none answered, which is a finding already. */
export type AskModel = (guild: GuildId | null) => Promise<string | null>;

export interface StageOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told of each step as it begins. */
  readonly onStep: (what: string) => void;
}

/** The remedy for what nobody expected. */
export const PASTE = 'Paste this report into an issue';

/** Taking away some forty messages at the platforms' pace. */
const CLEAN_UP_MS = 120_000;

/** Plays on a stage, and leaves nothing behind. Rejects with nothing: faults are findings. */
export async function onStage(
  { signal, onStep }: StageOptions,
  play: (stage: Stage) => Promise<void>,
): Promise<readonly Check[]> {
  const findings = createFindings('Live');
  const undone: { readonly what: string; readonly work: (signal: AbortSignal) => Promise<unknown> }[] = [];
  const fail = (what: string, error: unknown) => {
    if (signal.aborted) findings.fail('Interrupted before the end', 'Run it again for the rest');
    else
      findings.fail(`${what}: ${wordsOf(error)}`, 'See what the platform says, and paste this into an issue');
  };
  const stage: Stage = {
    findings,
    signal,
    async step(what, work) {
      signal.throwIfAborted();
      onStep(what);
      try {
        await work();
      } catch (error) {
        signal.throwIfAborted();
        fail(what, error);
      }
    },
    undo: (what, work) => void undone.push({ what, work }),
  };
  try {
    await play(stage);
  } catch (error) {
    fail('The look ended early', error);
  }
  onStep('clean up');
  const until = AbortSignal.timeout(CLEAN_UP_MS);
  const left: string[] = [];
  for (const { what, work } of undone.toReversed()) {
    await work(until).catch((error: unknown) => left.push(`${what} (${wordsOf(error)})`));
  }
  if (left.length === 0) findings.ok(`Everything was taken away again: ${undone.length} in all`);
  else findings.warn(`Left behind: ${left.join('; ')}`, 'Delete it by hand');
  return findings.checks;
}

function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}
